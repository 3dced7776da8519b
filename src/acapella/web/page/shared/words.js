/** Numbers and names in words. */

const STEM_NAMES = {
  mixture: "Original",
  vocal: "Vocals",
  instrumental: "Instrumental",
  lead: "Lead vocals",
  backing: "Backing vocals",
};
const VOICES = new Set(["vocal", "lead", "backing"]);

/** Name of a stem: "vocal" → "Vocals". */
export function stemName(stem) {
  return STEM_NAMES[stem] ?? stem[0].toUpperCase() + stem.slice(1);
}

/** Whether a stem is sung: it stays in an a cappella and goes from karaoke. */
export function isVoice(stem) {
  return VOICES.has(stem);
}

/** Name of a model; that of the one that comes with Acapella is "default", which says little. */
export function modelName(name) {
  return name === "default" ? "Built-in" : name;
}

/** Why a song failed. Its name, which errors begin with, is beside it already. */
export function reason({ name, error }) {
  const text = error?.startsWith(`${name}: `) ? error.slice(name.length + 2) : error;
  return text ? text[0].toUpperCase() + text.slice(1) : "This song could not be separated.";
}

/** A song's name without its ending: "song.mp3" → "song". */
export function songTitle(name) {
  return name.replace(/\.[a-z0-9]{1,5}$/i, "") || name;
}

/** 83.2 → "1:23"; hours where there are some; with tenths: "1:23.2". */
export function clock(seconds, tenths = false) {
  const whole = tenths ? Math.floor(seconds * 10) / 10 : Math.floor(seconds);
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const rest = (whole % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** 83.2 → "1 minute 23 seconds", for screen readers. */
export function spokenTime(seconds) {
  const minutes = Math.floor(seconds / 60);
  return [minutes ? count(minutes, "minute") : "", count(Math.floor(seconds % 60), "second")].filter(Boolean).join(" ");
}

/** Time left: "about 2 minutes left". */
export function timeLeft(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 1.5) return "almost done";
  if (seconds < 90) return `${count(Math.ceil(seconds), "second")} left`;
  return `about ${count(Math.round(seconds / 60), "minute")} left`;
}

/** 3 → "3 songs". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** 3_400_000 → "3.4 MB". */
export function fileSize(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** 44100 → "44.1 kHz". */
export function kilohertz(hertz) {
  return `${(hertz / 1000).toLocaleString("en", { maximumFractionDigits: 3 })} kHz`;
}

/** Channels: "mono", "stereo", "6 channels". */
export function channelsName(channels) {
  return ["", "mono", "stereo"][channels] ?? `${channels} channels`;
}
