/** What can be captured, as the box is told of it and as ffmpeg opens it. */
export interface Channel {
  /** `mic:…`, `system_audio:…`, `display:…` or `camera:…`: what stands before the colon is its category. */
  id: string;
  name: string;
  type: 'video' | 'audio';
  input: ChannelInput;
}

export interface ChannelInput {
  format: 'x11grab' | 'kmsgrab' | 'v4l2' | 'pulse' | 'alsa';
  address: string;
  options?: readonly string[];
}

/** Where this computer says what it has. */
export interface Machine {
  env: NodeJS.ProcessEnv;
  /** The sockets of its X servers. */
  displays: string;
  /** ALSA's list of devices. */
  cards: string;
  /** What V4L2 says of each of its nodes. */
  nodes: string;
}
