/** `node supervisor-process.ts DATA_DIR`: a supervisor in a process of its own, to be killed by a test. */
import { startServices } from '../supervisor.ts';

const silent = () => {};
const services = await startServices({ dataDir: process.argv[2]!, log: { info: silent, warn: silent, error: silent } });
process.stdout.write('ready\n');
process.once('SIGTERM', () => void services.stop().then(() => process.exit(0)));
