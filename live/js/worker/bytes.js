// Counts what is downloaded, so that the reader sees that something moves.

/**
 * Replace fetch by one that tells, now and then, how much has come in so far.
 *
 * @param {(bytes: number) => void} report
 */
export function countBytes(report) {
  const plain = self.fetch.bind(self);
  let bytes = 0;
  let told = 0;
  self.fetch = async (...request) => {
    const response = await plain(...request);
    if (!response.body) return response;
    const counter = new TransformStream({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes - told > 200_000) {
          told = bytes;
          report(bytes);
        }
        controller.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(counter), { status, statusText, headers });
  };
}
