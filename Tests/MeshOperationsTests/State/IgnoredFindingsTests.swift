import Foundation
import MeshModel
import Testing

@testable import MeshOperations

@Suite struct IgnoredFindingsTests {
  static func finding(_ code: String, at pointer: JSONPointer = "/spec/http/0") -> Finding {
    Finding(
      code: code, severity: .warning, object: Workbench.ref("a"), pointer: pointer, message: "is wrong", remedy: "")
  }

  static func mark(_ finding: Finding, _ reason: String = "known, CHG-7") -> IgnoredFinding {
    IgnoredFinding(finding, author: "maria", at: Instant(seconds: 1000), reason: reason)
  }

  @Test func whatIsIgnoredIsKeptWithReasonAndClosedToOthers() throws {
    let bench = Workbench()
    let file = IgnoreFile(directory: bench.journal.directory)
    #expect(try file.read() == IgnoredFindings())
    let finding = Self.finding("MD1101")
    try file.set(Self.mark(finding), on: finding)
    #expect(try file.read()[finding] == Self.mark(finding))
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    #expect((attributes[.posixPermissions] as? Int) == 0o600)
    let other = Self.finding("MD1102")
    let both = try file.set(Self.mark(other), on: other)
    #expect(both[finding] != nil && both[other] != nil)
    #expect(try file.set(nil, on: finding)[finding] == nil)
    #expect(try file.read()[other] == Self.mark(other))
  }

  @Test func onlyTheSameCodeAtTheSamePlaceIsLeftOut() {
    let finding = Self.finding("MD1101")
    let ignored = IgnoredFindings([Self.mark(finding)])
    let others = [Self.finding("MD1102"), Self.finding("MD1101", at: "/spec/http/1")]
    #expect(ignored.leavingOut(of: [finding] + others) == others)
    var reworded = finding
    reworded.message = "is wrong in other words"
    #expect(ignored.leavingOut(of: [reworded]).isEmpty)
  }

  @Test(arguments: ["", "{}", #"{"ignored":[{"code":"MD1101"}]}"#])
  func aFileThatCannotBeReadIsNeitherBelievedNorReplaced(_ text: String) throws {
    let bench = Workbench()
    let finding = Self.finding("MD1101")
    let file = IgnoreFile(directory: bench.journal.directory)
    try file.set(Self.mark(finding), on: finding)
    try Data(text.utf8).write(to: URL(filePath: file.path))
    #expect(throws: MeshError.self) { _ = try file.read() }
    #expect(throws: MeshError.self) { try file.set(nil, on: finding) }
    #expect(try String(contentsOfFile: file.path, encoding: .utf8) == text)
  }

  @Test func aLinkIsNotFollowed() throws {
    let bench = Workbench()
    let finding = Self.finding("MD1101")
    let file = IgnoreFile(directory: bench.journal.directory)
    try file.set(Self.mark(finding), on: finding)
    let elsewhere = bench.folder + "/elsewhere.json"
    try FileManager.default.moveItem(atPath: file.path, toPath: elsewhere)
    try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: elsewhere)
    #expect(throws: MeshError.self) { _ = try file.read() }
  }
}
