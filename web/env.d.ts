/// <reference types="vite/client" />

/** The same player without what a shop does not need: subtitles tracks, DRM, alternate audio. */
declare module 'hls.js/light' {
  export { default } from 'hls.js'
}
