import Foundation
public import MeshModel

/// The record of every plan applied from here: append-only lines of JSON, one file, mode 0600.
///
/// A line is on the disk before the request it speaks of leaves (`fdatasync`), so that after a crash the journal says what
/// may have happened. Several processes may append at once: a line is one `write` under a lock of the file. It is bounded:
/// past ``limit`` bytes the oldest plans are forgotten.
public struct Journal: Sendable {
  /// The folder the journal lies in.
  public let directory: StateDirectory
  /// The file.
  public var path: String { directory.path + "/journal.jsonl" }

  /// The bytes from which on it is shortened.
  public let limit: Int

  /// A journal in a folder, of at most about `limit` bytes.
  public init(directory: StateDirectory, limit: Int = 8 << 20) {
    self.directory = directory
    self.limit = limit
  }

  /// Appends one entry and waits until it is on the disk.
  public func append(_ entry: JournalEntry) throws(MeshError) {
    try directory.prepare()
    let file = try opened()
    defer { close(file) }
    let status = try checked(file)
    if status.st_mode & 0o077 != 0, fchmod(file, 0o600) != 0 { throw failure("close the journal to others") }
    var line = JSONWriter.bytes(entry.json)
    line.append(0x0A)
    if status.st_size > 0, !endsLine(status.st_size) { line.insert(0x0A, at: 0) }
    var written = 0
    while written < line.count {
      let count = line[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = failure("write the journal")
        ftruncate(file, status.st_size)
        throw error
      }
      written += count
    }
    guard fdatasync(file) == 0 else { throw failure("write the journal") }
    if Int(status.st_size) + line.count > limit, let long = try? FileHandle(forReadingFrom: URL(filePath: path)) {
      let (entries, unreadable) = Self.decoded((try? long.readToEnd()) ?? Data())
      try? long.close()
      if !entries.isEmpty { shorten(entries, keeping: unreadable) }
    }
  }

  /// The journal, open for appending and locked; one that was shortened while we waited for the lock is opened anew.
  private func opened() throws(MeshError) -> Int32 {
    while true {
      let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
      guard file >= 0 else { throw failure("open the journal \(path)") }
      guard flock(file, LOCK_EX) == 0 else {
        let error = failure("lock the journal")
        close(file)
        throw error
      }
      var (ours, there) = (stat(), stat())
      if fstat(file, &ours) == 0, lstat(path, &there) == 0, ours.st_ino == there.st_ino, ours.st_dev == there.st_dev {
        return file
      }
      close(file)
    }
  }

  /// Runs a body that reads and then appends, while no other process does so.
  func locked<Result>(_ body: () throws(MeshError) -> Result) throws(MeshError) -> Result {
    try directory.prepare()
    return try FileLock.held(directory.path + "/journal.lock", body)
  }

  /// All entries, oldest first; lines that cannot be read are counted.
  public func entries() throws(MeshError) -> (entries: [JournalEntry], unreadable: Int) {
    guard !directory.path.isEmpty else { throw StateDirectory.missing }
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if file < 0, errno == ENOENT || errno == ENOTDIR { return ([], 0) }
    guard file >= 0 else { throw directory.failure("read the journal \(path)") }
    defer { close(file) }
    _ = try checked(file)
    guard flock(file, LOCK_SH) == 0 else { throw directory.failure("lock the journal") }
    let data: Data
    do { data = try FileHandle(fileDescriptor: file, closeOnDealloc: false).readToEnd() ?? Data() } catch {
      throw MeshError(.local, "cannot read the journal \(path)", underlying: error)
    }
    let (entries, unreadable) = Self.decoded(data)
    return (entries, unreadable.count)
  }

  /// The entries of a journal's lines, and the lines that are none, such as those of a later version.
  private static func decoded(_ data: Data) -> (entries: [JournalEntry], unreadable: [[UInt8]]) {
    var entries: [JournalEntry] = []
    var unreadable: [[UInt8]] = []
    for line in [UInt8](data).split(separator: 0x0A) {
      if let json = try? JSONValue(parsing: Array(line)), let entry = JournalEntry(json: json) {
        entries.append(entry)
      } else {
        unreadable.append(Array(line) + [0x0A])
      }
    }
    return (entries, unreadable)
  }

  /// The receipts, newest first: what ended, and what was begun and never ended.
  public func receipts() throws(MeshError) -> [Receipt] {
    var order: [String] = []
    var latest: [String: Receipt] = [:]
    for entry in try entries().entries {
      let id = entry.receipt.plan.id
      if latest.updateValue(entry.receipt, forKey: id) == nil { order.append(id) }
    }
    return order.reversed().compactMap { latest[$0] }
  }

  /// The identity itself, or with a number after it where the journal holds it already: no record hides another.
  func unused(_ id: String) throws(MeshError) -> String {
    let taken = Set(try entries().entries.map(\.receipt.plan.id))
    guard taken.contains(id) else { return id }
    var number = 2
    while taken.contains("\(id)-\(number)") { number += 1 }
    return "\(id)-\(number)"
  }

  /// The state of an open journal; one that is no plain file of ours, or has a second name, is refused.
  private func checked(_ file: Int32) throws(MeshError) -> stat {
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1,
      status.st_uid == geteuid()
    else { throw MeshError(.local, "the journal \(path) is not a plain file of ours", remedy: "move it away") }
    return status
  }

  private func endsLine(_ size: off_t) -> Bool {
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else { return true }
    defer { close(file) }
    var last: UInt8 = 0
    return pread(file, &last, 1, size - 1) != 1 || last == 0x0A
  }

  private func failure(_ attempt: String) -> MeshError {
    var error = directory.failure(attempt)
    error.remedy = "nothing was changed on the mesh; free the disk or set XDG_STATE_HOME elsewhere"
    return error
  }
}

/// One line of the journal.
public struct JournalEntry: Sendable, Hashable {
  /// What it tells.
  public enum Event: String, Sendable, Hashable {
    /// A plan is about to be applied.
    case begun
    /// A step was written.
    case step
    /// A plan ended.
    case ended
    /// A plan that was to be confirmed was.
    case confirmed
    /// A plan that was to be confirmed was not, and is being taken back.
    case expired
  }

  /// What it tells.
  public var event: Event
  /// The receipt as it stood then.
  public var receipt: Receipt

  /// Creates an entry.
  public init(event: Event, receipt: Receipt) {
    self.event = event
    self.receipt = receipt
  }

  /// The line.
  public var json: JSONValue { ["event": .string(event.rawValue), "receipt": receipt.json] }

  /// An entry from its line.
  public init?(json: JSONValue) {
    guard let event = json["event"]?.string.flatMap(Event.init(rawValue:)), let receipt = json["receipt"],
      let decoded = try? Receipt(json: receipt)
    else { return nil }
    self.init(event: event, receipt: decoded)
  }
}
