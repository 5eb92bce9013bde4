import {
	catalogue,
	navigationPropertiesOf,
	propertiesOf,
	singleton,
} from '../../lib/xapi/catalogue';
import { SECRET_PROPERTIES } from '../../lib/xapi/secrets';
import { hasRows, hasSettings, type Field, type XapiResource } from './resource';

/** What the catalogue tells of a resource. */

/** The type of the rows or settings of a resource; undefined where it has neither. */
export function typeOf(resource: XapiResource): string | undefined {
	if (hasRows(resource)) return resource.type;
	return hasSettings(resource) ? singleton(catalogue, resource.singleton)?.type : undefined;
}

/** The fields of its form; none where it has neither rows nor settings. */
export const formOf = (resource: XapiResource): readonly Field[] =>
	hasRows(resource) || hasSettings(resource) ? resource.fields : [];

/** Whether its rows have linked records. */
export const hasLinks = (resource: XapiResource): boolean =>
	Object.keys(navigationPropertiesOf(catalogue, typeOf(resource) ?? '')).length > 0;

/** The properties of a type that are hidden in the output unless somebody asks for them. */
export const secretsOf = (type: string): string[] =>
	Object.keys(propertiesOf(catalogue, type)).filter((name) => name in SECRET_PROPERTIES);

/** Whether its rows have a secret. */
export const hasSecrets = (resource: XapiResource): boolean =>
	secretsOf(typeOf(resource) ?? '').length > 0;
