/** See `outputSchemas.cjs`. */
export function outputSchemas(
	examples: Record<string, Record<string, { json: object } | null>>,
): Record<string, object>;

/** See `outputSchemas.cjs`. */
export function writeOutputSchemas(root: string, dist: string): Promise<void>;
