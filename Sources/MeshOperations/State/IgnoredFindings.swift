import Foundation
public import MeshModel

/// A finding that somebody chose to ignore, and why.
public struct IgnoredFinding: Sendable, Hashable {
  /// The finding's code.
  public var code: String
  /// Its object.
  public var object: ObjectRef
  /// Its place in the object.
  public var pointer: JSONPointer
  /// Who ignores it.
  public var author: String
  /// Since when.
  public var at: Instant
  /// Why.
  public var reason: String

  /// A mark on a finding.
  public init(_ finding: Finding, author: String, at: Instant, reason: String) {
    (code, object, pointer) = (finding.code, finding.object, finding.pointer)
    (self.author, self.at, self.reason) = (author, at, reason)
  }

  /// The mark as the contract has it beside a finding: `by at reason`.
  var mark: JSONValue { ["by": .string(author), "at": .string(at.rfc3339), "reason": .string(reason)] }

  /// The mark as it is kept.
  var json: JSONValue {
    var json = mark
    json["code"] = .string(code)
    json["id"] = .string(object.description)
    json["pointer"] = .string(pointer.description)
    return json
  }

  init?(json: JSONValue) {
    guard let finding = Finding(json: json), let at = json["at"]?.string.flatMap(Instant.init(rfc3339:)) else {
      return nil
    }
    self.init(finding, author: json["by"]?.string ?? "", at: at, reason: json["reason"]?.string ?? "")
  }
}

/// The findings that are ignored: what lists, counts and attention leave out.
public struct IgnoredFindings: Sendable, Hashable {
  private struct Key: Sendable, Hashable {
    var code: String
    var object: ObjectRef
    var pointer: JSONPointer
  }

  private var marks: [Key: IgnoredFinding]

  /// The findings of marks; of two marks on one the later counts.
  public init(_ list: [IgnoredFinding] = []) {
    marks = Dictionary(
      list.map { (Key(code: $0.code, object: $0.object, pointer: $0.pointer), $0) }, uniquingKeysWith: { $1 })
  }

  /// The mark on a finding; `nil` where it is not ignored.
  public subscript(finding: Finding) -> IgnoredFinding? {
    get { marks[Key(code: finding.code, object: finding.object, pointer: finding.pointer)] }
    set { marks[Key(code: finding.code, object: finding.object, pointer: finding.pointer)] = newValue }
  }

  /// What is left of findings without those that are ignored.
  public func leavingOut(of findings: [Finding]) -> [Finding] {
    marks.isEmpty ? findings : findings.filter { self[$0] == nil }
  }

  /// The marks, oldest first.
  var list: [IgnoredFinding] {
    marks.values.sorted { ($0.at.seconds, $0.object, $0.code) < ($1.at.seconds, $1.object, $1.code) }
  }
}

/// Where the ignored findings are kept: one file of JSON beside the journal, mode 0600, replaced as a whole.
public struct IgnoreFile: Sendable {
  /// The folder it lies in.
  public let directory: StateDirectory
  /// The file.
  public var path: String { directory.path + "/ignored.json" }

  /// The file in a folder.
  public init(directory: StateDirectory) { self.directory = directory }

  /// What is ignored; nothing where there is no file.
  public func read() throws(MeshError) -> IgnoredFindings {
    guard !directory.path.isEmpty else { return IgnoredFindings() }
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if file < 0, errno == ENOENT || errno == ENOTDIR { return IgnoredFindings() }
    guard file >= 0 else { throw directory.failure("read the ignored findings \(path)") }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
      throw MeshError(.local, "\(path) is not a plain file of ours", remedy: "move it away")
    }
    guard let data = try? FileHandle(fileDescriptor: file, closeOnDealloc: false).readToEnd(),
      let list = try? JSONValue(parsing: [UInt8](data))["ignored"]?.array
    else { throw MeshError(.local, "\(path) does not hold ignored findings", remedy: "correct it or move it away") }
    let marks = list.compactMap(IgnoredFinding.init(json:))
    guard marks.count == list.count else {
      throw MeshError(.local, "\(path) holds a mark that cannot be read", remedy: "correct it or move it away")
    }
    return IgnoredFindings(marks)
  }

  /// Ignores a finding, or with `nil` takes the mark off it; answers what is ignored then.
  @discardableResult
  public func set(_ mark: IgnoredFinding?, on finding: Finding) throws(MeshError) -> IgnoredFindings {
    try directory.prepare()
    return try FileLock.held(directory.path + "/ignored.lock") { () throws(MeshError) in
      var ignored = try read()
      ignored[finding] = mark
      let json: JSONValue = ["ignored": .array(ignored.list.map(\.json))]
      try directory.replace(path, with: [JSONWriter.bytes(json, indent: 2) + [0x0A]])
      return ignored
    }
  }
}
