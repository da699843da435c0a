/** The detectors. One file each; one line here admits it. */
export {};
