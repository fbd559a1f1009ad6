/**
 * Loaded into the daemon before it starts (`node --import`): a defect that shows when it is told to. SIGUSR2: something throws out
 * of a timer; SIGWINCH: a promise that nobody looks at fails.
 */
process.on('SIGUSR2', () => {
  setTimeout(() => {
    throw new Error('a defect made for a test');
  });
});
process.on('SIGWINCH', () => {
  void Promise.reject(new Error('a rejection made for a test'));
});
