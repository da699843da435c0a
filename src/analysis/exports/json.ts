/** The Report as it is, for programs. Indented unless asked to be compact; long rows of numbers stay on one line. */
import type { ReportExport } from './reportExport.ts';

/** Arrays of numbers as `JSON.stringify` indents them. A string cannot look so: its line ends are escaped. */
const NUMBERS = /\[\n\s+([-+\d.eE,\s]+?)\n\s*\]/g;

export const json: ReportExport = {
  id: 'json',
  label: 'JSON',
  description: 'everything, for programs',
  extension: 'json',
  write(report, { compact }) {
    if (compact === true) return `${JSON.stringify(report)}\n`;
    return `${JSON.stringify(report, null, 2).replace(NUMBERS, (_, numbers: string) => `[${numbers.replace(/\s+/g, ' ')}]`)}\n`;
  },
};
