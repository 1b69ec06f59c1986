import Testing

/// The commands as processes against servers that are processes too: one after another, so that what is measured is not
/// the tests' own load.
@Suite(.serialized) enum CommandTests {}
