/** Kubo's config file: what is chosen once and may be changed by the operator, and what is held at every start. */

type Section = Readonly<Record<string, unknown>>;
export type KuboConfig = Readonly<Record<string, Section>>;

/**
 * Choices for a new repository: no peers at all. An operator who builds a private swarm adds a
 * `swarm.key`, `Addresses.Swarm` and `Peering.Peers`.
 */
export function withFirstChoices(config: KuboConfig): KuboConfig {
  return merged(config, {
    Addresses: { Swarm: [] },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false } },
    Swarm: { DisableNatPortMap: true, RelayClient: { Enabled: false }, RelayService: { Enabled: false } },
    // Kubo's own choice is 10 GB; nothing of it is enforced without garbage collection, which never runs by itself.
    Datastore: { StorageMax: '1000TB' },
  });
}

/** What keeps sealed records out of the public network and damage from being served; set at every start. */
export function guarded(config: KuboConfig, ports: { readonly api: number; readonly gateway: number }): KuboConfig {
  return merged(config, {
    Addresses: { API: `/ip4/127.0.0.1/tcp/${ports.api}`, Gateway: `/ip4/127.0.0.1/tcp/${ports.gateway}` },
    AutoConf: { Enabled: false },
    AutoTLS: { Enabled: false },
    Routing: { Type: 'none', DelegatedRouters: [] },
    Ipns: { DelegatedPublishers: [] },
    DNS: { Resolvers: {} },
    Provide: { Enabled: false },
    HTTPRetrieval: { Enabled: false },
    Gateway: { NoFetch: true, NoDNSLink: true },
    // Without it Kubo serves a block that rotted on disk as if nothing were.
    Datastore: { HashOnRead: true },
    Import: { CidVersion: 1, UnixFSRawLeaves: true },
    Plugins: { Plugins: { telemetry: { Config: { Mode: 'off' } } } },
  });
}

/** Whether the operator gave this node addresses for peers. */
export function listensToPeers(config: KuboConfig): boolean {
  const swarm = config.Addresses?.Swarm;
  return Array.isArray(swarm) && swarm.length > 0;
}

/** Section by section; arrays (`Bootstrap`) replace. */
function merged(config: KuboConfig, changes: Readonly<Record<string, Section | readonly never[]>>): KuboConfig {
  const result: Record<string, Section> = { ...config };
  for (const [name, change] of Object.entries(changes)) {
    result[name] = Array.isArray(change) ? (change as unknown as Section) : { ...config[name], ...(change as Section) };
  }
  return result;
}
