/** The page's build and the test projects. `unit` needs no tools beyond Node; `e2e` uses ffmpeg, an RTSP server, a broker and a browser. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: 'src/web',
  base: './',
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    rolldownOptions: { input: ['src/web/index.html', 'src/web/watch.html', 'src/web/api.html'] },
  },
  oxc: { target: 'es2022' },
  test: {
    root: '.',
    reporters: ['default'],
    // A busy machine is no defect: what has to happen has time to.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          root: '.',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{e2e,conformance,faults}/**', 'node_modules/**'],
          maxWorkers: '100%',
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          root: '.',
          include: ['test/{e2e,conformance,faults}/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // They wait more than they work, each in places and on ports of its own.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
