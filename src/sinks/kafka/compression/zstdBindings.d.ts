/** The inside of the package: its outside drops the level (1.2.2). */
declare module '@mongodb-js/zstd/bindings.js' {
  const bindings: { readonly compress: (data: Buffer, level?: number) => Promise<Buffer> };
  export default bindings;
}
