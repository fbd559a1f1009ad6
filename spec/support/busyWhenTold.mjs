/** Loaded into the daemon before it starts (`node --import`): at SIGUSR2 its loop is stuck for BUSY_MS. */
process.on('SIGUSR2', () => {
  const end = Date.now() + Number(process.env.BUSY_MS);
  while (Date.now() < end);
});
