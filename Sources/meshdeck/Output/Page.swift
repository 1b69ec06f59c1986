import Synchronization

/// What one list of a command that lists again and again says, kept until it is known whether it is news.
final class Page: Sendable {
  /// What was said.
  struct Contents: Equatable {
    var bytes: [UInt8] = []
    var notes: [String] = []
  }

  private let kept = Mutex(Contents())

  /// The page that output and notes go to; `nil` where they go out at once.
  @TaskLocal static var current: Page?

  /// What was said so far.
  var contents: Contents { kept.withLock { $0 } }

  func append(_ bytes: ArraySlice<UInt8>) { kept.withLock { $0.bytes += bytes } }

  /// Keeps a note; one that was said before on this page is not said again.
  func note(_ text: String) { kept.withLock { if !$0.notes.contains(text) { $0.notes.append(text) } } }
}

/// Lists one after the other, each written only where it says something else than the one before.
struct Pages {
  let console: Console
  /// Whether notes are cleared away with each list, and so are to be said with each.
  let clearsNotes: Bool
  private var last: Page.Contents?

  init(_ console: Console, clearsNotes: Bool) {
    self.console = console
    self.clearsNotes = clearsNotes
  }

  /// Writes the next list.
  mutating func write(_ list: () throws -> Void) throws {
    let page = Page()
    try Page.$current.withValue(page) { try list() }
    let (contents, before) = (page.contents, last)
    last = contents
    let isNews = contents.bytes != before?.bytes || (clearsNotes && contents.notes != before?.notes)
    if isNews {
      if console.isTerminal { try console.write(Array("\u{1b}[H\u{1b}[2J".utf8)) }
      try console.write(contents.bytes)
    }
    for note in contents.notes where clearsNotes ? isNews : before?.notes.contains(note) != true { Console.note(note) }
  }
}
