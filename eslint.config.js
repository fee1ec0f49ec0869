import tseslint from 'typescript-eslint';

/**
 * The files that may touch disk, archive or process. Everything else decides from values that it is given: this
 * list is the architecture (see ARCHITECTURE.md).
 */
const ioFiles = [
  'shared/atomic-file.ts',
  'shared/capture.ts',
  'shared/cli-shell.ts',
  'shared/config.ts',
  'shared/decode-*.ts',
  'shared/event-log.ts',
  'shared/fingerprint.ts',
  'shared/generate-key.ts',
  'shared/hash-cache.ts',
  'shared/gather-files.ts',
  'shared/hash-files.ts',
  'shared/hashing.ts',
  'shared/identify.ts',
  'shared/is-there.ts',
  'shared/list-directory.ts',
  'shared/locate.ts',
  'shared/lock.ts',
  'shared/lock-holder.ts',
  'shared/mistaken.ts',
  'shared/new-files.ts',
  'shared/opened-file.ts',
  'shared/packaged.ts',
  'shared/present-state.ts',
  'shared/progress-bar.ts',
  'shared/read-*.ts',
  'shared/allowed-links.ts',
  'shared/real-path.ts',
  'shared/regular-file.ts',
  'shared/report/read-*.ts',
  'shared/report/write-report.ts',
  'shared/tar-*.ts',
  'shared/threads.ts',
  'shared/trusted-place.ts',
  'shared/walk.ts',
  'shared/worker.ts',
  'exporter/archive.ts',
  'exporter/cli.ts',
  'exporter/confirm.ts',
  'exporter/diff-tar.ts',
  'exporter/diff-tar-cli.ts',
  'exporter/earlier-updates.ts',
  'exporter/export.ts',
  'exporter/output.ts',
  'exporter/publish.ts',
  'exporter/references.ts',
  'exporter/run-diff-tar.ts',
  'exporter/store.ts',
  'exporter/workplace.ts',
  'exporter/write-volumes.ts',
  'importer/anchored-disk.ts',
  'importer/attributes.ts',
  'importer/cli.ts',
  'importer/clear-away.ts',
  'importer/collect.ts',
  'importer/collected.ts',
  'importer/commit.ts',
  'importer/complete.ts',
  'importer/copy-stated.ts',
  'importer/disk.ts',
  'importer/held-directories.ts',
  'importer/held-directory.ts',
  'importer/housekeeping.ts',
  'importer/import.ts',
  'importer/in-the-way.ts',
  'importer/inside.ts',
  'importer/leftovers.ts',
  'importer/look.ts',
  'importer/measure.ts',
  'importer/new-copy.ts',
  'importer/note-applied.ts',
  'importer/note-event.ts',
  'importer/offers.ts',
  'importer/own-files.ts',
  'importer/place.ts',
  'importer/prepare.ts',
  'importer/read-volume.ts',
  'importer/see-volumes.ts',
  'importer/stage.ts',
  'test/**',
];

const ioModules = [
  'fs',
  'fs/promises',
  'process',
  'child_process',
  'worker_threads',
  'net',
  'http',
  'os',
].flatMap((name) => [name, `node:${name}`]);

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.node/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js', 'assets/*.js'] } },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/prefer-reduce-type-parameter': 'off',
      // Typed arrays and checked indexes in hot loops
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Bytes compared with named bytes
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['shared/**/*.ts', 'exporter/**/*.ts', 'importer/**/*.ts'],
    ignores: ioFiles,
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [...ioModules, 'tar'].map((name) => ({ name, message: 'Decide here, act at the edge' })) },
      ],
      'no-restricted-globals': ['error', 'process', 'console', 'fetch'],
    },
  },
  {
    files: ['exporter/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ group: ['**/importer/**'] }] }],
    },
  },
  {
    files: ['importer/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ group: ['**/exporter/**'] }] }],
    },
  },
  {
    files: ['shared/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/exporter/**', '**/importer/**'] }] },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A test says what it expects in a document
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
);
