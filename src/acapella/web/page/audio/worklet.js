import { Playback } from "./playback.js";

/** Playback on the audio thread. */
class PlaybackProcessor extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.playback = new Playback(processorOptions, (report) => this.port.postMessage(report));
    this.port.onmessage = ({ data }) => this.playback.receive(data);
  }

  process(_inputs, [output]) {
    return this.playback.process(output);
  }
}

registerProcessor("playback", PlaybackProcessor);
