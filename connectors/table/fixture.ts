import type { Fixture } from '../conformance.ts';
import { folderFixture } from '../testing/folder-fixture.ts';

export const tableFolder = (): Promise<Fixture> =>
  folderFixture({
    config: { kind: 'table', key: ['id'] },
    suffix: '.csv',
    files: {
      'results.csv': '\ufeffid,name,note\r\n1,张伟,"a ""b"", c"\r\n2,王芳,"two\r\nlines"\r\n3,陈𠮷,\r\n',
      'more/results.csv': 'note,id\nx,1\ny,2\n',
    },
    keys: ['results.csv#1', 'results.csv#2', 'results.csv#3', 'more/results.csv#1', 'more/results.csv#2'],
    more: 'id\n9\n',
    moreKey: '#9',
  });

export const tableJson = (): Promise<Fixture> =>
  folderFixture({
    config: { kind: 'table', key: ['id'] },
    folder: { format: 'json' },
    suffix: '.json',
    files: {
      'results.json': '[{"id":1,"v":1.50},\n{"id":2,"v":"a"},{"id":3,"v":null}]',
      'more/results.json': '{"id":4}',
    },
    keys: ['results.json#1', 'results.json#2', 'results.json#3', 'more/results.json#4'],
    more: '[{"id":9}]',
    moreKey: '#9',
  });

export const tableLines = (): Promise<Fixture> =>
  folderFixture({
    config: { kind: 'table', key: ['id'] },
    folder: { format: 'ndjson' },
    suffix: '.ndjson',
    files: { 'results.ndjson': '{"id":1}\n{"id":2}\n{"id":3}\n', 'more/results.ndjson': '{"id":4}' },
    keys: ['results.ndjson#1', 'results.ndjson#2', 'results.ndjson#3', 'more/results.ndjson#4'],
    more: '{"id":9}\n',
    moreKey: '#9',
  });

export const tableXml = (): Promise<Fixture> =>
  folderFixture({
    config: { kind: 'table' },
    folder: { format: 'xml', record: 'ROWS/ROW' },
    suffix: '.xml',
    files: {
      'results.xml': '<ROWS><ROW><ID>1</ID></ROW><ROW><ID>2</ID></ROW><ROW><ID>3</ID></ROW></ROWS>',
      'more/results.xml': '<ROWS><ROW><ID>4</ID></ROW></ROWS>',
    },
    keys: ['results.xml#1', 'results.xml#2', 'results.xml#3', 'more/results.xml#1'],
    more: '<ROWS><ROW><ID>9</ID></ROW></ROWS>',
    moreKey: '#1',
  });
