/** In the end-to-end tests a daemon or a broker is started and stopped; jest's own option for a project has no effect. */
jest.setTimeout(30_000);
