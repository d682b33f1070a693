/** Everywhere that the bridge leaves anything outside sealed content: each place as named pieces of bytes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Block } from '../../anchor/chain/rpc.ts';
import type { Bridge } from '../../workflows/bridge.ts';

export type Piece = readonly [name: string, bytes: Uint8Array];

export function* fileContents(folder: string): Generator<Piece> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) yield [relative(folder, path), readFileSync(path)];
  }
}

/** A byte is a character, so that names in any encoding come through. */
export function* fileNames(folder: string): Generator<Piece> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'latin1' as BufferEncoding }))
    yield ['a name', Buffer.from(name, 'latin1')];
}

/** Every text and blob of every table: pages of a database file may cut a value in two. */
export function* databaseValues(path: string): Generator<Piece> {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
    for (const { name } of tables) {
      const rows = database.prepare(`SELECT * FROM "${name}"`);
      rows.setReadBigInts(true);
      for (const row of rows.iterate())
        for (const [column, value] of Object.entries(row)) {
          if (typeof value === 'string') yield [`${name}.${column}`, Buffer.from(value)];
          else if (value instanceof Uint8Array) yield [`${name}.${column}`, value];
        }
    }
  } finally {
    database.close();
  }
}

/** Every block of the IPFS node, as it serves it: on disk it may be compressed. */
export async function* blocks({ api }: { api: string }): AsyncGenerator<Piece> {
  const listed = await fetch(`${api}/api/v0/refs/local`, { method: 'POST' });
  for (const line of (await listed.text()).trim().split('\n')) {
    const { Ref } = JSON.parse(line) as { Ref: string };
    const block = await fetch(`${api}/api/v0/block/get?arg=${Ref}`, { method: 'POST' });
    yield [Ref, new Uint8Array(await block.arrayBuffer())];
  }
}

/** Input of every transaction, data and topics of every event, as bytes. */
export async function* chainBytes({ rpc }: Awaited<ReturnType<Bridge['chain']>>): AsyncGenerator<Piece> {
  const last = Number(await rpc.send<string>('eth_blockNumber', []));
  for (let number = 0; number <= last; number++) {
    const block = await rpc.send<Block & { transactions: { hash: string; input: string }[] }>('eth_getBlockByNumber', [
      `0x${number.toString(16)}`,
      true,
    ]);
    for (const { hash, input } of block.transactions) yield [`calldata of ${hash}`, bytesOf(input)];
  }
  const logs = await rpc.send<{ data: string; topics: string[]; transactionHash: string }[]>('eth_getLogs', [
    { fromBlock: '0x0', toBlock: 'latest' },
  ]);
  for (const { data, topics, transactionHash } of logs)
    yield [`event of ${transactionHash}`, bytesOf(`0x${[data, ...topics].map((hex) => hex.slice(2)).join('')}`)];
}

export async function* receiptTexts({ journal }: Bridge): AsyncGenerator<Piece> {
  for (const { id } of await journal.items({ limit: 10_000 })) {
    const receipt = await journal.receipt(id);
    if (receipt) yield [`receipt of ${id}`, Buffer.from(JSON.stringify(receipt))];
  }
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex');
}
