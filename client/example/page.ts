/** The example page: a key file, a chain, a gateway; nothing is sent anywhere but to those two. */
import {
  allKeys,
  type FoundRecord,
  findRecords,
  fromHex,
  gateway,
  httpChain,
  type KeyFile,
  laterCapsules,
  openRecord,
  readKeyFile,
  verifyRecord,
} from '../index.ts';

// The types of this repository are Node's; the page needs these few of the browser's.
interface Element {
  textContent: string | null;
  className: string;
  value: string;
  files: { text(): Promise<string> }[];
  append(...children: Element[]): void;
  replaceChildren(): void;
  addEventListener(name: string, listen: (event: { preventDefault(): void }) => void): void;
}
declare const document: { getElementById(id: string): Element; createElement(name: string): Element };

const element = (id: string) => document.getElementById(id);
const say = (text: string) => {
  element('status').textContent = text;
};

element('find').addEventListener('submit', (event) => {
  event.preventDefault();
  find().catch(() => say('Something could not be reached or read.'));
});

async function find(): Promise<void> {
  const file = readKeyFile(await element('keys').files[0]!.text());
  element('records').replaceChildren();
  let count = 0;
  for (const hospital of file.hospitals) count += await show(file, hospital);
  say(`${count} records found`);
}

async function show(file: KeyFile, { indexKey, contract, chainId }: KeyFile['hospitals'][number]): Promise<number> {
  const chain = httpChain(element('chain').value);
  const store = gateway(element('store').value);
  const found = await findRecords({ chain, store, contract, indexKey: fromHex(indexKey) });
  const keys = allKeys(file);
  const options = { store, keys, capsules: await laterCapsules(found, { store, keys }) };
  for (const record of found) {
    const checks = await verifyRecord(record.receipt, { chainId, contract }, chain, options);
    const refused = checks.filter(({ status }) => status !== 'pass').map(({ name, status }) => `${name}: ${status}`);
    const bundle = await openRecord(record.receipt, options).then(
      (opened) => new TextDecoder().decode(opened.bundle),
      () => 'This record does not open with your keys.',
    );
    element('records').append(item(record, refused, bundle));
  }
  return found.length;
}

function item({ counter, receipt }: FoundRecord, refused: readonly string[], bundle: string): Element {
  const [line, head, text] = ['li', 'strong', 'pre'].map((name) => document.createElement(name)) as [
    Element,
    Element,
    Element,
  ];
  head.textContent = `Record ${counter + 1}, block ${receipt.block.number}: ${refused.length === 0 ? 'verified' : refused.join(', ')}`;
  head.className = refused.length === 0 ? 'pass' : 'fail';
  text.textContent = bundle;
  line.append(head, text);
  return line;
}
