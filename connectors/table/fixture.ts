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
