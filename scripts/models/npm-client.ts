import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Config from '@npmcli/config';
import definitions from '@npmcli/config/lib/definitions/index.js';
import registryFetch from 'npm-registry-fetch';
import pacote from 'pacote';
import { fault, reasonOf } from '../../src/errors.js';
import type { PackageEntry } from '../../src/inference/manifest.js';

/** The user's npm configuration by the names that npm's libraries take: registry, proxy, certificates, credentials. */
export type NpmOptions = Readonly<Record<string, unknown>>;

/**
 * Read as npm reads it: from the environment and the .npmrc files of the project, the user and the machine. `npm config get`
 * would not do: it keeps credentials to itself, and many a site's registry wants them.
 */
export async function npmOptions(cwd = process.cwd(), env: NodeJS.ProcessEnv = process.env): Promise<NpmOptions> {
  const config = new Config({
    npmPath: npmFolder(env),
    ...definitions,
    argv: [],
    cwd,
    // Loading sets npm_config_* variables in it.
    env: { ...env },
  });
  await config.load();
  return config.flat;
}

/** Where npm itself is installed: a packager's settings (such as the prefix) stand in an npmrc there. */
function npmFolder(env: NodeJS.ProcessEnv): string {
  // npm sets npm_execpath to .../npm/bin/npm-cli.js for the scripts that it runs.
  const candidates = [
    ...(env['npm_execpath'] === undefined ? [] : [dirname(dirname(env['npm_execpath']))]),
    join(dirname(dirname(process.execPath)), 'lib', 'node_modules', 'npm'),
  ];
  return candidates.find((folder) => existsSync(join(folder, 'package.json'))) ?? candidates[0];
}

/**
 * Where the registry keeps this version's tarball.
 * @throws FacelatchError MODEL_FETCH_FAILED when the registry does not answer, lacks the version, or names another integrity
 */
export async function tarballUrl({ name, version, integrity }: PackageEntry, options: NpmOptions): Promise<string> {
  const spec = `${name}@${version}`;
  const settings = {
    ...options,
    registry: registryFetch.pickRegistry(spec, options),
    // npm's own pauses add up to 70 s of silence on a machine without a network.
    retry: { ...(options['retry'] as object | undefined), minTimeout: 500, maxTimeout: 2_000 },
  };
  try {
    const url = await pacote.resolve(spec, { ...settings, integrity });
    // A mirror's answers may still name the public host; npm's rule (replace-registry-host) sends that to the mirror.
    return new pacote.RemoteFetcher(url, settings).resolved;
  } catch (error) {
    throw fault('MODEL_FETCH_FAILED', { source: spec, reason: `${reasonOf(error)} (from ${settings.registry})` }, error);
  }
}
