/** Messages and stacks of failures go through the payload codec too: without this Temporal stores them in clear. */
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
