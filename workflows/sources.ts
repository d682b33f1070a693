/** The opened sources of all feeds: one each, shared by reading, listening and settling. */
import { BridgeError } from '../core/errors.ts';
import { type FeedInbox, type Journal, openInbox } from '../core/journal/index.ts';
import type { Spool } from '../core/spool/spool.ts';
import type { Connector, Log, Source, SourceKind } from '../core/types.ts';
import type { CompiledMap } from '../normalizer/mapping/index.ts';

/** A feed of the config; `config` has passed the schema of its connector. */
export interface FeedDefinition {
  readonly name: string;
  readonly connector: Connector;
  readonly config: unknown;
  /** Of the feed's own; without it the shipped maps are used. */
  readonly map?: CompiledMap;
}

export interface OpenedFeed {
  readonly name: string;
  readonly kind: SourceKind;
  readonly push: boolean;
  readonly source: Source;
  readonly inbox: FeedInbox;
}

export interface Sources {
  /** Opened at first use. @throws BridgeError `source.missing` for a feed that is not in the config */
  get(feed: string): OpenedFeed;
  names(): string[];
  /** Of a feed that is in the config and has one. */
  mapOf(feed: string): CompiledMap | undefined;
  close(): Promise<void>;
}

export interface SourcesOptions {
  readonly feeds: readonly FeedDefinition[];
  readonly timezone: string;
  readonly journal: Journal;
  readonly spool: Spool;
  readonly log: Log;
  /** Told when something lies in an inbox. */
  onPushed(feed: string): void;
}

export function openSources(options: SourcesOptions): Sources {
  const { feeds, timezone, journal, spool, log } = options;
  const definitions = new Map(feeds.map((feed) => [feed.name, feed]));
  const opened = new Map<string, OpenedFeed>();

  function open({ name, connector, config }: FeedDefinition): OpenedFeed {
    const inbox = openInbox(name, journal, spool, () => options.onPushed(name));
    const source = connector.open(config, { feed: name, timezone, inbox, log });
    return { name, kind: connector.kind, push: connector.capabilities.push, source, inbox };
  }

  return {
    get(name) {
      const known = opened.get(name);
      if (known) return known;
      const definition = definitions.get(name);
      if (!definition) throw new BridgeError('source.missing', `the config has no feed named ${name}`);
      const feed = open(definition);
      opened.set(name, feed);
      return feed;
    },
    names: () => [...definitions.keys()],
    mapOf: (feed) => definitions.get(feed)?.map,
    async close() {
      await Promise.all([...opened.values()].map((feed) => feed.source.close()));
    },
  };
}
