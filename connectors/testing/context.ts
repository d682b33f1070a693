/** A context for tests; what was logged can be looked at. */
import type { ConnectorContext, Inbox, LogFields } from '../../core/types.ts';

export interface TestContext extends ConnectorContext {
  readonly logged: { level: 'info' | 'warn' | 'error'; event: string; fields?: LogFields }[];
}

export function testContext(inbox?: Inbox): TestContext {
  const logged: TestContext['logged'] = [];
  const line = (level: 'info' | 'warn' | 'error') => (event: string, fields?: LogFields) => {
    logged.push({ level, event, ...(fields ? { fields } : {}) });
  };
  return {
    feed: 'test',
    timezone: 'Asia/Shanghai',
    ...(inbox ? { inbox } : {}),
    log: { info: line('info'), warn: line('warn'), error: line('error') },
    logged,
  };
}
