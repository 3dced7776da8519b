/** Drawing waveforms. */

/**
 * The lowest and highest value of each column.
 * @param {[number, number][]} peaks of equal parts of the song
 * @param {number} columns
 * @returns {[number, number][]}
 */
export function columnPeaks(peaks, columns) {
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * peaks.length) / columns);
    const to = Math.max(from + 1, Math.ceil(((column + 1) * peaks.length) / columns));
    const part = peaks.slice(from, to);
    return [Math.min(...part.map(([low]) => low)), Math.max(...part.map(([, high]) => high))];
  });
}

/**
 * Draw peaks as a closed shape around the middle.
 * @param {CanvasRenderingContext2D} context
 * @param {number} width pixels
 * @param {number} height pixels
 * @param {[number, number][]} peaks
 * @param {number} scale the value that reaches the edge
 * @param {string} colour
 */
export function drawWaveform(context, width, height, peaks, scale, colour) {
  const middle = height / 2;
  const reach = (middle - 1) / scale;
  const columns = columnPeaks(peaks, width);
  const least = 0.5 * devicePixelRatio; // silence is a thin line
  context.clearRect(0, 0, width, height);
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(0, middle);
  columns.forEach(([, high], x) => context.lineTo(x + 0.5, middle - Math.max(high * reach, least)));
  context.lineTo(width, middle);
  columns.reverse().forEach(([low], back) => context.lineTo(width - back - 0.5, middle - Math.min(low * reach, -least)));
  context.closePath();
  context.fill();
}
