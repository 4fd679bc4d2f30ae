/** hls.js ships no types for its smaller build; what it exports is the same class. */
declare module 'hls.js/light' {
  import Hls from 'hls.js';
  // biome-ignore lint/style/noDefaultExport: the package's own shape
  export default Hls;
}
