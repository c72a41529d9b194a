// The import rules of the house (docs/architecture.md): a frame travels camera -> faces -> identity -> access -> door ->
// messages, and a file imports only from folders to its left, from itself, and from the shared files at the root of src/.
const order = ['camera', 'faces', 'identity', 'access', 'door', 'messages'];

const mayImport = {
  // inference/ is used by faces/ and identity/ alone; it knows nothing of them.
  inference: [],
  camera: [],
  faces: ['camera', 'inference'],
  identity: ['camera', 'faces', 'inference'],
  access: order.slice(0, 3),
  door: order.slice(0, 4),
  messages: order.slice(0, 5),
  system: [],
  console: [],
};

const rooms = Object.entries(mayImport).map(([room, allowed]) => ({
  name: `${room}-imports-only-leftwards`,
  severity: 'error',
  comment: `src/${room} may import from ${[...allowed, room].join(', ')} and the shared files of src/ only`,
  from: { path: `^src/${room}/` },
  to: { path: '^src/[^/]+/', pathNot: `^src/(${[...allowed, room].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...rooms,
    {
      name: 'rooms-do-not-know-the-root',
      severity: 'error',
      comment: 'these compose the parts; no part imports them, only daemon/, remote/ and the command line in commands/',
      from: { path: '^src/(?!commands/|daemon/|remote/)[^/]+/' },
      to: {
        path: '^src/((cli|daemon|vision|follower|watch|announcer|enrolment|audit-trail|reload|release|release-cli)\\.ts$|daemon/|commands/)',
      },
    },
    {
      name: 'shared-files-know-no-room',
      severity: 'error',
      from: { path: '^src/(config|config-file|config-schema|errors|clock|events|health-schema|version|back-off|in-turn)\\.ts$' },
      to: { path: '^src/[^/]+/' },
    },
    {
      name: 'one-door-to-onnxruntime',
      severity: 'error',
      comment: 'inference/runtime.ts switches the runtime telemetry off before it is loaded',
      from: { path: '^(src|scripts)/', pathNot: '^src/inference/runtime\\.ts$' },
      to: { path: 'node_modules/onnxruntime-node', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'product-knows-no-scripts',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(scripts|test)/' },
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
