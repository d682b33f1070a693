import { cdaFolder } from './cda/fixture.ts';
import { conformance } from './conformance.ts';
import { hl7v2Folder, hl7v2Mllp } from './hl7v2/fixture.ts';
import { connectors } from './index.ts';
import { tableFolder, tableJson, tableLines, tableXml } from './table/fixture.ts';

conformance('hl7v2 files', connectors.hl7v2, hl7v2Folder, { offers: true });
conformance('hl7v2 over MLLP', connectors.hl7v2, hl7v2Mllp, { pushed: true });
conformance('cda', connectors.cda, cdaFolder, { offers: true });
conformance('table', connectors.table, tableFolder, { offers: true });
conformance('table from JSON', connectors.table, tableJson);
conformance('table from JSON lines', connectors.table, tableLines);
conformance('table from XML', connectors.table, tableXml);
