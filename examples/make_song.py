"""Make `song.flac` and its true stems: a voice that sings over a small band, all of it synthesised here.

python make_song.py               from `voice_raw.flac`, with numpy, scipy and soundfile only
python make_song.py --synthesise  speaks `voice_raw.flac` anew first (Debian: festival, festvox-us-slt-hts)
"""

import argparse

import numpy as np
import soundfile as sf
from scipy import signal
from singer import BEAT, HERE, LENGTH, MELODY, RATE, hertz, sing, synthesise

SEED = 2024
BAR = 4 * BEAT  # seconds
VOICE_UNDER_MUSIC = 2.0  # dB of RMS while the voice sings
PEAK = 10 ** (-3 / 20)
CHORDS = ("Em", "C", "G", "D", "Em", "C", "G")  # a bar each, the last one half
NOTES = {"Em": (40, 59, 64, 67, 71), "C": (36, 60, 64, 67, 72), "G": (43, 59, 62, 67, 71), "D": (38, 57, 62, 66, 69)}
VOICED_BARS = (2, 3, 4, 5)


def times(seconds):
    """Moments of the samples of a sound: (samples,), seconds."""
    return np.arange(round(seconds * RATE)) / RATE


def filtered(sound, kind, hz):
    """`sound` ((samples, …)) through a Butterworth filter of order 2; `hz` is its corner, or two."""
    return signal.sosfilt(signal.butter(2, hz, kind, fs=RATE, output="sos"), sound, axis=0)


def add(track, start, sound, gain=1.0, pan=0.0):
    """Add `sound` ((samples,) or (samples, 2)) to `track` (LENGTH, 2) at `start` seconds; pan −1 is left, 1 right."""
    if sound.ndim == 1:
        sound = sound[:, None] * np.sqrt([1 - pan, 1 + pan])
    at = round(start * RATE)
    track[at : at + len(sound)] += gain * sound[: len(track) - at]


def kick():
    """A sine that falls from 160 to 48 Hz, with a click: (samples,)."""
    t = times(0.35)
    body = np.sin(2 * np.pi * (48 * t + 112 * 0.03 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.12)
    return np.tanh(2 * body) * 0.8 + 0.3 * np.sin(2 * np.pi * 2500 * t) * np.exp(-t / 0.003)


def snare(rng):
    """Two tones of the skin and the wires' noise: (samples, 2)."""
    t = times(0.3)[:, None]
    skin = np.sin(2 * np.pi * 185 * t) * np.exp(-t / 0.06) + 0.5 * np.sin(2 * np.pi * 330 * t) * np.exp(-t / 0.04)
    noise = rng.normal(size=(len(t), 1)) + 0.5 * rng.normal(size=(len(t), 2))
    return 0.6 * skin + 0.3 * filtered(noise, "high", 1800) * np.exp(-t / 0.075)


def cymbal(rng, decay, corner):
    """Noise and inharmonic ringing above `corner` Hz, dying with `decay` seconds: (samples, 2)."""
    t = times(6 * decay)[:, None]
    ring = sum(np.sign(np.sin(2 * np.pi * hz * t)) for hz in (2050.3, 3068.1, 3693.7, 5225.9, 5401.2, 7998.4))
    noise = 0.12 * ring + 0.7 * rng.normal(size=(len(t), 1)) + 0.5 * rng.normal(size=(len(t), 2))
    return 0.3 * filtered(noise, "high", corner) * np.exp(-t / decay) * np.minimum(t / 0.001, 1)


def bass(note, seconds):
    """A plucked bass note, darker as it rings: (samples,)."""
    t, hz = times(seconds), hertz(note)
    tone = sum(np.sin(2 * np.pi * k * hz * t) / k * np.exp(-t * (1.0 + 1.1 * k)) for k in range(1, 25))
    return tone * np.minimum(t / 0.004, 1) * np.clip((seconds - t) / 0.03, 0, 1)


def pluck(note, seconds, rng):
    """A steel string, picked at a fifth of its length, slightly stiff: (samples,)."""
    t, hz = times(seconds), hertz(note + 0.03 * rng.normal())
    tone = np.zeros(len(t))
    for k in range(1, int(12000 / hz)):
        height = np.sin(np.pi * k / 5) / k**1.15 * (1 + 0.2 * rng.normal())
        stretched = k * hz * np.sqrt(1 + 1.5e-4 * k * k)
        tone += height * np.sin(2 * np.pi * stretched * t) * np.exp(-t * (1.6 + 0.5 * k))
    return (tone + 0.05 * rng.normal(size=len(t)) * np.exp(-t / 0.004)) * np.clip((seconds - t) / 0.05, 0, 1)


def pad(notes, seconds, rng):
    """A wide chord: for each note and side three detuned saws, softened: (samples, 2)."""
    t = times(seconds)
    chord = np.zeros((len(t), 2))
    for note in notes:
        for side in (0, 1):
            for cents in (-9, 1, 8):
                turn = 2 * np.pi * (hertz(note + cents / 100 + 0.02 * rng.normal()) * t + rng.random())
                chord[:, side] += sum(np.sin(k * turn) / k**1.6 for k in range(1, 14))
    swell = np.minimum(t / 0.25, 1) * np.clip((seconds - t) / 0.25, 0, 1)
    return 0.1 * chord * swell[:, None]


def drums(rng):
    """The drum kit: (LENGTH, 2)."""
    track = np.zeros((LENGTH, 2))
    for bar in range(len(CHORDS)):
        start = bar * BAR
        full, last = bar in VOICED_BARS, bar == len(CHORDS) - 1
        for eighth in range(2 if last else 8):
            for half in (0, 0.25) if full else (0,):
                loud = (0.8 if eighth % 2 == 0 else 0.5) * (0.45 if half else 1) * rng.uniform(0.8, 1.1)
                add(track, start + (eighth / 2 + half) * BEAT, cymbal(rng, 0.035, 7000), 0.5 * loud)
        for beat in (0,) if last else (0, 1.5, 2) if full else (0, 2):
            add(track, start + beat * BEAT, kick(), 0.9)
        for beat in () if last else (1, 3) if full else (3, 3.5, 3.75) if bar == 1 else (3,):
            add(track, start + beat * BEAT, snare(rng), 0.55)
        if last or bar == VOICED_BARS[0]:
            add(track, start, cymbal(rng, 0.6, 3500), 0.4)
    return track


def harmony(rng):
    """Guitars, one plucked and one strummed, left and right, and a pad: (LENGTH, 2)."""
    track = np.zeros((LENGTH, 2))
    for bar, name in enumerate(CHORDS):
        start, chord = bar * BAR, NOTES[name][1:]
        length = min(BAR, LENGTH / RATE - start)
        add(track, start, pad(chord[:3], length + 0.2, rng), 0.2)
        for eighth, string in enumerate((0, 2, 1, 3, 2, 1, 3, 2)[: round(length / BEAT * 2)]):
            late = rng.uniform(0, 0.008)
            add(track, start + eighth * BEAT / 2 + late, pluck(chord[string], 1.2, rng), 0.22, 0.75)
        for beat in (0, 1.5, 2.5, 3)[: 4 if length == BAR else 1]:
            for i, note in enumerate(chord):
                late = 0.012 * i + rng.uniform(0, 0.004)
                add(track, start + beat * BEAT + late, pluck(note, 1.0, rng), 0.13, -0.75)
    return track


def bass_line():
    """Roots in eighths under the voice, in halves elsewhere: (LENGTH, 2)."""
    track = np.zeros((LENGTH, 2))
    for bar, name in enumerate(CHORDS):
        beats = np.arange(0, 4, 0.5) if bar in VOICED_BARS else np.array([0, 2])
        for beat in beats[beats < (LENGTH / RATE - bar * BAR) / BEAT - 0.01]:
            note = NOTES[name][0] + (12 if beat == 3.5 else 0)
            add(track, bar * BAR + beat * BEAT, bass(note, BEAT / 2 if bar in VOICED_BARS else 2 * BEAT), 0.45)
    return track


def reverb(sound, seconds, rng):
    """The wet part of a room that dies away in `seconds` (60 dB): `sound` (LENGTH, 2) to (LENGTH, 2)."""
    t = times(seconds)[:, None]
    room = rng.normal(size=(len(t), 2)) * 10 ** (-3 * t / seconds)
    room = filtered(filtered(room, "low", 6000), "high", 250)
    room = np.pad(room / np.sqrt(np.sum(room**2, axis=0)), ((round(0.02 * RATE), 0), (0, 0)))
    return signal.fftconvolve(sound, room, axes=0)[:LENGTH]


def vocal_stem(rng):
    """The voice in the middle with breaths and a little room around it: (LENGTH, 2)."""
    track = np.repeat(sing(rng)[:, None], 2, axis=1)
    for phrase in MELODY:
        breath = filtered(rng.normal(size=len(times(0.32))), "band", (900, 7000))
        breath *= np.sin(np.pi * np.linspace(0, 1, len(breath)) ** 1.5) ** 2
        add(track, phrase[0][0] * BEAT - 0.55, breath, 0.012)
    track = filtered(track, "high", 110)
    return track + 0.2 * reverb(track, 1.4, rng)


def music_stem(rng):
    """The band, its peaks rounded off: (LENGTH, 2)."""
    beats, chords = drums(rng), harmony(rng)
    music = beats + chords + bass_line() + reverb(0.12 * beats + 0.2 * chords, 1.0, rng)
    return np.tanh(music)


def mix(vocal, music):
    """Both stems as int16, at the level where their sum peaks at PEAK, faded out at the end: two of (LENGTH, 2)."""
    sung = np.zeros(LENGTH, bool)
    for phrase in MELODY:
        sung[round(phrase[0][0] * BEAT * RATE) : round((phrase[-1][0] + phrase[-1][1]) * BEAT * RATE)] = True
    ratio = np.sqrt(np.mean(music[sung] ** 2) / np.mean(vocal[sung] ** 2))
    stems = np.stack([vocal * ratio * 10 ** (-VOICE_UNDER_MUSIC / 20), music])
    stems *= np.clip((LENGTH - np.arange(LENGTH)) / (0.5 * RATE), 0, 1)[:, None] ** 1.5
    stems *= PEAK / np.abs(stems.sum(0)).max()
    return np.round(stems * 32767).astype(np.int16)


def main():
    """Write the song and its stems beside this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--synthesise", action="store_true", help="speak voice_raw.flac anew with Festival")
    if parser.parse_args().synthesise:
        synthesise()
    voice_rng, music_rng = np.random.default_rng(SEED).spawn(2)
    vocal, instrumental = mix(vocal_stem(voice_rng), music_stem(music_rng))
    (HERE / "stems").mkdir(exist_ok=True)
    for name, audio in (
        ("song", vocal + instrumental),
        ("stems/vocal", vocal),
        ("stems/instrumental", instrumental),
    ):
        sf.write(HERE / f"{name}.flac", audio, RATE, subtype="PCM_16", compression_level=1.0)


if __name__ == "__main__":
    main()
