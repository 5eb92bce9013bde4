import type { IDataObject } from 'n8n-workflow';

/** An item that an operation or event has given, as the documentation shows it. */
export interface Example {
	json: IDataObject;
	/** Name and type of the item's files, by field. */
	files?: Record<string, { fileName?: string; mimeType: string }>;
}

/** Examples by name of the node, such as `threeCx`, then by `resource.operation` or event. */
export type Examples = Record<string, Record<string, Example | null>>;
