/** What a schedule starts: the feed's one ingest workflow, unless it runs already. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { executeChild, ParentClosePolicy } from '@temporalio/workflow';
import { type IngestInput, ingestId } from './contract.ts';
import { ingest } from './ingest.ts';

export async function scheduledIngest(input: IngestInput): Promise<void> {
  try {
    await executeChild(ingest, {
      workflowId: ingestId(input.feed),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
