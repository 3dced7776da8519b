// Plays made-up stems through the page's own player into an offline context, and gives back what came out.
// A stem is a signal in one channel: stem 0 in the left, stem 1 in the right.
async ({ seconds, rate, songSeconds, signal, delay, actions }) => {
  const { Player } = await import("/audio/player.js");
  const length = songSeconds * rate;
  const noise = (i) => {
    let hash = Math.imul(i ^ (i >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    return (((hash ^ (hash >>> 15)) >>> 8) / 2 ** 24 - 0.5) * 0.8;
  };
  const SIGNALS = { noise, tone: (i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate) };
  const sample = (stem, channel, i) => (stem === channel && i >= 0 ? SIGNALS[signal](stem ? i - delay : i) : 0);
  const header = () => {
    const view = new DataView(new ArrayBuffer(44));
    const words = [0x46464952, 36 + length * 8, 0x45564157, 0x20746d66, 16, 0x20003, rate, rate * 8, 0x200008, 0x61746164, length * 8];
    words.forEach((word, i) => view.setUint32(4 * i, word, true));
    return view.buffer;
  };
  window.fetch = async (url, { headers }) => {
    const [from, to] = headers.Range.match(/\d+/g).map(Number);
    if (from === 0) return new Response(header(), { status: 206 });
    const first = (from - 44) / 8;
    const count = Math.min((to + 1 - from) / 8, length - first);
    const data = new Float32Array(2 * count);
    for (let i = 0; i < 2 * count; i++) data[i] = sample(Number(url), i % 2, first + (i >> 1));
    return new Response(data.buffer, { status: 206 });
  };
  const player = await Player.open(["0", "1"], () => new OfflineAudioContext(2, seconds * rate, rate));
  const { context } = player;
  const [suspend, resume] = [context.suspend.bind(context), context.resume.bind(context)];
  context.suspend = context.resume = async () => {}; // only this test stops the clock
  const positions = [];
  let blocks = 0;
  const settle = async (milliseconds) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds)); // messages from and to the audio thread arrive
    await player.filled();
    blocks = Math.max(blocks, player.feeder.sent.size);
    positions.push([context.currentTime, player.position / rate]);
  };
  const STEP = 4; // seconds that are played between two looks at what is needed
  const times = [...new Set([0, ...actions.map(([time]) => time), ...Array.from({ length: Math.ceil(seconds / STEP) - 1 }, (_, i) => (i + 1) * STEP)])];
  for (const time of times) {
    suspend(time).then(async () => {
      await settle(12);
      const now = actions.filter(([at]) => at === time);
      for (const [, name, ...values] of now) player[name](...values);
      if (now.length) await settle(50);
      resume();
    });
  }
  const out = await context.startRendering();
  const [left, right] = [out.getChannelData(0), out.getChannelData(1)];
  let difference = 0;
  let silent = 0;
  for (let i = 0; i < left.length; i++) {
    difference = Math.max(difference, Math.abs(left[i] - right[i]));
    if (Math.abs(left[i]) < 1e-4) silent++;
  }
  // How far the right channel is behind the left, in samples: the best of ±3 in each of 200 windows.
  const lags = new Set();
  for (let window = 1; window < 200; window++) {
    const start = Math.floor((window * left.length) / 200);
    const score = (lag) => {
      let sum = 0;
      for (let i = start; i < start + 400; i++) sum += left[i] * right[i + lag];
      return sum;
    };
    const scores = [-3, -2, -1, 0, 1, 2, 3].map((lag) => [score(lag), lag]);
    const [best, lag] = scores.reduce((a, b) => (b[0] > a[0] ? b : a));
    if (best > 0.1) lags.add(lag);
  }
  const wave = Array.from(left.subarray(0, seconds > 4 ? 0 : left.length));
  const expected = Array.from(wave, (_, i) => sample(0, 0, i));
  return { difference, lags: [...lags], silent: silent / left.length, blocks, positions, wave, expected };
}
