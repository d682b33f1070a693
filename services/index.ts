/** The room's door: what the command line, the tests and the benchmark use. */
export { EMBEDDED_CHAIN_ID, embeddedSigner } from './chain/anvil.ts';
export { findBinary, findOrBuild } from './find.ts';
export { cacheDir, type Part, serviceVersions } from './parts.ts';
export {
  attachServices,
  type ServiceHealth,
  type ServiceOptions,
  type Services,
  startServices,
} from './supervisor.ts';
