/** All workflows. Files of this folder are bundled into Temporal's sandbox: no Node builtins, activities as types only. */
export { anchor } from './anchor.ts';
export { ingest } from './ingest.ts';
export { scheduledIngest } from './scheduled.ts';
