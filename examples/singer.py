"""The voice of the example song: Festival's speech, taken apart into spectral envelopes and sung.

Each vowel starts on its note and is held, each consonant keeps its pace; pulses and noise of the melody's pitch go
through the envelopes of the spoken words.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy import signal

HERE = Path(__file__).resolve().parent
RATE = 44100  # Hz
BEAT = 60 / 104  # seconds; 26 beats are 15 s
LENGTH = round(26 * BEAT * RATE)  # samples
HOP = 256  # samples between two frames of the sung voice

LYRICS = ("Lift my voice above the sound.", "Let the music turn around.")
# A line for each phrase, a tuple for each vowel: beat, length in beats, MIDI note (and a second one, slid to halfway).
MELODY = (
    ((8, 1, 62), (9, 0.5, 64), (9.5, 1.5, 67), (11, 0.5, 66), (11.5, 1.5, 66), (13, 0.5, 64), (13.5, 1, 62)),
    ((16, 0.5, 59), (16.5, 0.5, 62), (17, 1.5, 67), (18.5, 0.5, 66), (19, 1.25, 64), (20.25, 0.5, 60),
     (20.75, 3.25, 64, 62)),
)  # fmt: skip
VOWELS = {"ih", "ay", "oy", "ax", "ah", "aw", "eh", "uw", "er"}
UNVOICED = {"f", "t", "s", "k"}
BUZZED = {"v", "dh", "z", "d"}  # half voice, half noise
FESTIVAL = """(voice_cmu_us_slt_arctic_hts)
(set! hts_engine_params (append hts_engine_params '(("-r" 0.5) ("-b" 0.3))))
(define (say text name) (let ((u (eval (list 'Utterance 'Text text)))) (utt.synth u)
  (utt.save.wave u (string-append name ".wav") 'riff) (utt.save.segs u (string-append name ".lab"))))
"""


def hertz(note):
    """MIDI note (69 is 440 Hz) to Hz."""
    return 440.0 * 2 ** ((np.asarray(note) - 69) / 12)


def synthesise():
    """Speak the lyrics with Festival into `voice_raw.flac`, and the phones' ends in seconds into `voice_raw.tsv`."""
    if not shutil.which("festival"):
        raise SystemExit("--synthesise needs Festival: apt-get install festival festvox-us-slt-hts")
    with tempfile.TemporaryDirectory() as folder:
        says = "".join(f'(say "{text}" "{i}")\n' for i, text in enumerate(LYRICS))
        subprocess.run(["festival", "--pipe"], input=FESTIVAL + says, text=True, cwd=folder, check=True)
        waves, rows, start = [], [], 0.0
        for i in range(len(LYRICS)):
            wave, rate = sf.read(Path(folder, f"{i}.wav"), dtype="int16")
            for line in Path(folder, f"{i}.lab").read_text().splitlines()[1:]:
                end, _, phone = line.split()
                rows.append(f"{start + float(end):.4f}\t{phone}\n")
            waves.append(wave)
            start += len(wave) / rate
    sf.write(HERE / "voice_raw.flac", np.concatenate(waves), rate, subtype="PCM_16")
    (HERE / "voice_raw.tsv").write_text("".join(rows))


def read_phones():
    """Rows (start, end, phone) of `voice_raw.tsv`, one list for each phrase without the pauses; seconds."""
    phrases, start = [], 0.0
    for line in (HERE / "voice_raw.tsv").read_text().splitlines():
        end, phone = line.split("\t")
        if phone != "pau":
            phrases[-1].append((start, float(end), phone))
        elif not phrases or phrases[-1]:
            phrases.append([])
        start = float(end)
    return [phrase for phrase in phrases if phrase]


def envelopes():
    """Smooth log magnitudes of the spoken voice, a frame each 5 ms: (frames, 1025), on the bins of a 2048-FFT at RATE.

    The "true envelope" (Röbel and Rodet 2005): cepstral smoothing, repeated on the larger of spectrum and envelope.
    """
    voice, rate = sf.read(HERE / "voice_raw.flac")
    window = signal.windows.hann(800, sym=False)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(voice, 400), 800)[:: rate // 200]
    spectrum = np.log(np.abs(np.fft.rfft(frames * window, 2048)) / window.sum() + 1e-7)
    lifter = np.interp(np.arange(2048), (0, 60, 80, 1968, 1988, 2047), (1, 1, 0, 0, 1, 1))
    smooth = np.full_like(spectrum, -np.inf)
    for _ in range(30):
        smooth = np.fft.rfft(np.fft.irfft(np.maximum(spectrum, smooth)) * lifter).real
    hz = np.fft.rfftfreq(2048, 1 / RATE)
    at = np.clip(hz, 0, 14500) / rate * 2048  # the voice ends at 16 kHz: carry on from 14.5 kHz, 2 dB less a kHz
    low = np.minimum(at.astype(int), 1023)
    smooth = smooth[:, low] * (1 - at + low) + smooth[:, low + 1] * (at - low)
    return smooth - 0.23 * np.maximum(hz - 14500, 0) / 1000


def timing(phrases):
    """Where each moment of the song is in the spoken voice: two arrays of seconds, for linear interpolation."""
    song, spoken = [0.0], [0.0]
    for phones, notes in zip(phrases, MELODY, strict=True):
        vowels = [i for i, phone in enumerate(phones) if phone[2] in VOWELS]
        first, last = phones[0][0], phones[-1][1]
        lead = 0.8 * (phones[vowels[0]][0] - first)
        begin = notes[0][0] * BEAT - lead
        song += [begin - 0.03, begin]
        spoken += [first - 0.03, first]
        for i, following, note in zip(vowels, [*vowels[1:], None], notes, strict=True):
            start, end, _ = phones[i]
            consonants = (phones[following][0] if following else last) - end
            onset, rest = note[0] * BEAT, note[1] * BEAT
            stop = onset + max(rest - 0.75 * consonants, 0.4 * rest)
            spoken += [start, start + 0.2 * (end - start), start + 0.5 * (end - start), end]
            edge = min(end - start, stop - onset)  # a long vowel is held in its middle, and turns at its own pace
            song += [onset, onset + 0.2 * edge, stop - 0.5 * edge, stop]
        finish = (notes[-1][0] + notes[-1][1]) * BEAT
        song += [finish, finish + 0.03]
        spoken += [last, last + 0.03]
    return np.array(song), np.array(spoken)


def melody(rng):
    """Fundamental of the voice, one value a HOP: (frames,), Hz; notes with glides, vibrato and a little drift."""
    seconds = np.arange(0, LENGTH, HOP) / RATE
    pitch, depth = np.full(len(seconds), 62.0), np.zeros(len(seconds))
    for beat, beats, note, *slide in (note for phrase in MELODY for note in phrase):
        since = seconds - beat * BEAT
        pitch[since > -0.05] = note
        if slide:
            pitch[since > beats * BEAT / 2] = slide[0]
        held = np.clip((since - 0.28) / 0.4, 0, 1) * (beats > 1)
        depth = np.where(since > -0.05, held, depth)
    for phrase in MELODY:  # a phrase is scooped into, from below
        since = seconds - phrase[0][0] * BEAT
        pitch -= 1.5 * np.exp(-np.maximum(since, 0) / 0.06) * (since > -0.4) * (since < 1)
    kernel = signal.windows.hann(19)
    pitch = np.convolve(np.pad(pitch, 9, mode="edge"), kernel / kernel.sum(), mode="valid")
    slow = signal.sosfiltfilt(signal.butter(2, 3, fs=RATE / HOP, output="sos"), rng.normal(size=(2, len(seconds))))
    cycle = np.cumsum(5.5 + 1.5 * slow[0]) * 2 * np.pi * HOP / RATE
    return hertz(pitch + 0.38 * depth * np.sin(cycle) + 0.4 * slow[1])


def excite(pitch, rng):
    """Pulses with the given pitch ((frames,), Hz) and noise, both white with power 1: (2, LENGTH)."""
    hz = np.interp(np.arange(LENGTH), np.arange(len(pitch)) * HOP, pitch)
    hz *= 1 + 0.004 * signal.lfilter([0.05], [1, -0.95], rng.normal(size=LENGTH))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    pulses = np.zeros(LENGTH)
    for k in range(1, int(20000 / hz.min())):
        pulses += np.cos(k * phase) * np.clip((20000 - k * hz) / 500, 0, 1)
    return np.stack([pulses * 2 * np.sqrt(hz / RATE), rng.normal(size=LENGTH)])


def sing(rng):
    """The dry voice at no particular level: (LENGTH,)."""
    phrases, logs, pitch = read_phones(), envelopes(), melody(rng)
    hz, spoken = np.fft.rfftfreq(2048, 1 / RATE), np.arange(len(logs)) / 200
    noisy, sounding = np.zeros(logs.shape), np.zeros(len(logs))  # share of noise; 0 in pauses
    for start, end, phone in (phone for phrase in phrases for phone in phrase):
        here = (spoken >= start) & (spoken < end)
        corner = 0 if phone in UNVOICED else 3500 if phone in BUZZED else 9000
        noisy[here] = 1 / (1 + np.exp((corner - hz) / 700)) * (1 if corner < 9000 else 0.7) if corner else 1
        sounding[here] = 1
    at = np.interp(np.arange(len(pitch)) * HOP / RATE, *timing(phrases)) * 200
    low, part = at.astype(int), (at % 1)[:, None]
    logs, noisy = (x[low] * (1 - part) + x[low + 1] * part for x in (logs, noisy))
    noisy, gate = signal.convolve(noisy, np.full((3, 1), 1 / 3), mode="same"), sounding[low]
    # From a harmonic's height to the power density of white pulses; the peaks of noise stand higher in an envelope.
    logs += np.where(noisy[:, :1] > 0.5, np.log(13.0), -0.5 * np.log(pitch[:, None] / RATE))
    # Who sings is louder than who speaks, and so brighter: up to 11 dB from 400 Hz to 3 kHz.
    logs += np.log(10) / 20 * 11 * np.clip(np.log2(np.maximum(hz, 1) / 400) / 2.9, 0, 1) * (1 - noisy)
    loud = 10 * np.log10(gate * np.exp(2 * logs[:, 5:400]).mean(1) + 1e-9)
    loud = signal.convolve(loud, np.full(15, 1 / 15), mode="same")
    logs += (np.log(10) / 20 * 0.6 * np.minimum(np.max(loud) - loud, 16))[:, None]
    fold = np.r_[1, np.full(1023, 2), 1, np.zeros(1023)]  # to minimum phase
    logs = np.fft.rfft(np.fft.irfft(logs) * fold)
    sources = np.pad(excite(pitch, rng), ((0, 0), (512, 2048)))
    out, window = np.zeros(LENGTH + 4096), signal.windows.hann(1024, sym=False) / 2
    for i in np.flatnonzero(gate):
        voiced, hiss = np.fft.rfft(sources[:, i * HOP : i * HOP + 1024] * window, 2048)
        mixed = voiced * np.sqrt(1 - noisy[i]) + hiss * np.sqrt(noisy[i]) * np.minimum(hz / 1000, 1)  # no rumble
        out[i * HOP : i * HOP + 2048] += np.fft.irfft(mixed * np.exp(logs[i]))
    return out[512 : 512 + LENGTH]
