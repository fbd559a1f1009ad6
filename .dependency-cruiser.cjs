/** Who may import what. A rule's comment says why; spec/importRules.spec.ts shows that each one bites. */

const SINK = '^src/sinks/([^/.]+)(?:/|[.]ts$)';
/** Files of src/sinks/ that are no sink: the registry, and what sinks share. */
const SHARED_BY_SINKS = '^src/sinks/(?:defineSink|codecs|problems|nearest)[.]ts$';
const REGISTRY = '^src/sinks/index[.]ts$';
const CLUSTER = '^src/sinks/kafka/cluster[.]ts$';
const SOCKET_FACTORY = '^src/sinks/kafka/openSocket[.]ts$';
const NODE_NET = '^(?:node:)?(?:net|tls)$';
/** Reads certificates; opens no socket. */
const CERTIFICATES = '^src/sinks/kafka/security/tls[.]ts$';

const package_ = (...names) => `(?:^|/)node_modules/(?:${names.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'operators-are-pure',
      comment:
        'Operators run on virtual time in their specs: rxjs, fp-ts, the model, the wire and their siblings, no I/O.',
      severity: 'error',
      from: { path: '^src/operators/' },
      to: { pathNot: ['^src/operators/', '^src/wire/', '^src/model[.]ts$', package_('rxjs', 'fp-ts')] },
    },
    {
      name: 'sinks-stand-alone',
      comment:
        'A sink is one file and its folder, so that it can be added, read and removed alone: never another sink or a pipeline.',
      severity: 'error',
      from: { path: SINK, pathNot: [SHARED_BY_SINKS, REGISTRY] },
      to: {
        path: '^src/',
        pathNot: ['^src/model[.]ts$', '^src/wire/', '^src/operators/', SHARED_BY_SINKS, '^src/sinks/$1(?:/|[.]ts$)'],
      },
    },
    {
      name: 'kafkajs-in-one-file',
      comment: 'kafkajs is reached into; one file knows its insides.',
      severity: 'error',
      from: { path: '^src/', pathNot: CLUSTER },
      to: { path: package_('kafkajs') },
    },
    {
      name: 'net-in-sources',
      comment: 'Sockets are opened by sources, the client, and the socket factory of the cluster.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/sources/', '^src/client/', SOCKET_FACTORY, CERTIFICATES] },
      to: { path: NODE_NET, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'process-in-main',
      comment: 'Environment, signals and memory use enter through Env, so that a test can give others.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/main[.]ts$', '^src/cli/'] },
      to: { path: ['^(?:node:)?process$', package_('dotenv')] },
    },
    {
      name: 'pipelines-know-no-sinks',
      comment: 'A pipeline is operators over the model; what there is to write to is told to the topology alone.',
      severity: 'error',
      from: { path: '^src/pipelines/', pathNot: '^src/pipelines/topology[.]ts$' },
      to: {
        path: '^src/',
        pathNot: ['^src/pipelines/', '^src/operators/', '^src/wire/', '^src/model[.]ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-rxjs-internal',
      comment: 'It changes without notice.',
      severity: 'error',
      from: {},
      to: { path: 'node_modules/rxjs/(?:src|dist/[^/]+)/internal/.+' },
    },
    {
      name: 'testing-is-for-tests',
      comment: 'It needs a test runner.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'nothing-imports-spec',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^spec/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
