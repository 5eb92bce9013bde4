/** The MIME type of WAV files under which browsers, and with them n8n's editor, play them. */
export const WAV_TYPE = 'audio/wav';
