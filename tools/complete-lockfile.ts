// Adds to package-lock.json the platform packages that the registry at hand could not name.
//
// A registry mirror may lack the macOS or Windows builds of a package. `npm install` then leaves them out of the
// lockfile without a word, and `npm ci` refuses the lockfile everywhere ("Missing: … from lock file"). Their exact
// versions stand in the package that asks for them; platform and processor stand in their names. Only the
// integrity hash cannot be known here; npm takes it from the registry of the machine that needs the package.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PROCESSORS: Readonly<Record<string, string>> = {
  arm64: 'arm64',
  amd64: 'x64',
  x64: 'x64',
  ppc64: 'ppc64',
  s390x: 's390x',
  ia32: 'ia32',
  arm: 'arm',
};

/** What matters here of an entry of a lockfile, version 3. */
interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

type Packages = Record<string, Entry>;
type Missing = [name: string, version: string, asker: Entry];

/** Optional packages that are asked for and have no entry: `[name, version, who asks]`. */
export function missingOptional(packages: Packages): Missing[] {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !resolves(packages, path, name))
      .map(([name, version]): Missing => [name, version, entry]),
  );
}

/** Node's look-up: beside the one that asks, then outwards. */
function resolves(packages: Packages, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${folder && `${folder}/`}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

function entryOf(name: string, version: string, asker: Entry): Entry {
  const platform = /android|darwin|linux|win32/.exec(name)?.[0];
  const processor = /arm64|amd64|x64|ppc64|s390x|ia32|arm/.exec(name.slice(name.indexOf(platform ?? '')))?.[0];
  if (!platform || !processor || !/^\d/.test(version))
    throw new Error(`cannot tell the platform of ${name}@${version}`);
  const libc = /musl/.test(name) ? ['musl'] : /-gnu/.test(name) ? ['glibc'] : undefined;
  return {
    version,
    cpu: [PROCESSORS[processor]],
    ...(asker.dev && { dev: true }),
    ...(libc && { libc }),
    license: asker.license,
    optional: true,
    os: [platform],
  };
}

if (import.meta.main) {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Packages };
  const missing = missingOptional(lock.packages);
  for (const [name, version, asker] of missing) lock.packages[`node_modules/${name}`] = entryOf(name, version, asker);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  if (missing.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`${missing.length} platform packages added\n`);
}
