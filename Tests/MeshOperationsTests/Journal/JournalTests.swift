import Foundation
import MeshModel
import Testing

@testable import MeshOperations

@Suite struct JournalTests {
  static func entry(_ id: String, _ event: JournalEntry.Event = .begun, _ result: Receipt.Result = .unknown) throws
    -> JournalEntry
  {
    var plan = try Workbench().shifts(["a"])
    plan.id = id
    return JournalEntry(
      event: event,
      receipt: Receipt(plan: plan, result: result, at: Instant(seconds: 1_700_000_000), author: "tester", reason: "why")
    )
  }

  func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test func isEmptyBeforeAnythingWasApplied() throws {
    let bench = Workbench()
    #expect(try bench.journal.receipts().isEmpty)
    #expect(!FileManager.default.fileExists(atPath: bench.journal.path))
  }

  @Test func isOursAlone() throws {
    let bench = Workbench()
    try bench.journal.append(Self.entry("p1"))
    #expect(try mode(bench.journal.path) == 0o600)
    #expect(try mode(bench.journal.directory.path) == 0o700)
    // What somebody opened to others is closed again.
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: bench.journal.path)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: bench.journal.directory.path)
    try bench.journal.append(Self.entry("p2"))
    #expect(try mode(bench.journal.path) == 0o600)
    #expect(try mode(bench.journal.directory.path) == 0o700)
  }

  @Test func theNewestRecordOfAPlanCountsAndTheNewestPlanComesFirst() throws {
    let bench = Workbench()
    try bench.journal.append(Self.entry("p1"))
    try bench.journal.append(Self.entry("p2"))
    try bench.journal.append(Self.entry("p2", .ended, .failed))
    try bench.journal.append(Self.entry("p1", .ended, .applied))
    #expect(try bench.journal.receipts().map(\.plan.id) == ["p2", "p1"])
    #expect(try bench.journal.receipts().map(\.result) == [.failed, .applied])
  }

  @Test func aPlanThatNeverEndedIsUnknown() throws {
    let bench = Workbench()
    try bench.journal.append(Self.entry("p1"))
    #expect(try bench.journal.receipts().map(\.result) == [.unknown])
  }

  @Test func manyWritersMixNoLines() async throws {
    let bench = Workbench()
    let journal = bench.journal
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask { @concurrent in
          for number in 0..<25 { try journal.append(Self.entry("p\(writer)x\(number)")) }
        }
      }
      try await group.waitForAll()
    }
    let (entries, unreadable) = try journal.entries()
    #expect(entries.count == 200)
    #expect(unreadable == 0)
    #expect(Set(entries.map(\.receipt.plan.id)).count == 200)
  }

  @Test func aTornLastLineIsCountedAndTheNextRecordStandsOnItsOwn() throws {
    let bench = Workbench()
    try bench.journal.append(Self.entry("p1"))
    let bytes = try Data(contentsOf: URL(filePath: bench.journal.path))
    for cut in stride(from: 1, to: bytes.count - 1, by: 97) {
      try (bytes + bytes.prefix(cut)).write(to: URL(filePath: bench.journal.path))
      #expect(try bench.journal.entries().entries.count == 1)
      #expect(try bench.journal.entries().unreadable == 1)
      try bench.journal.append(Self.entry("p2"))
      #expect(try bench.journal.receipts().map(\.plan.id) == ["p2", "p1"])
      #expect(try bench.journal.entries().unreadable == 1)
    }
  }

  @Test func unreadableLinesAreCountedNotFatal() throws {
    let bench = Workbench()
    try bench.journal.append(Self.entry("p1"))
    let file = try #require(FileHandle(forWritingAtPath: bench.journal.path))
    try file.seekToEnd()
    try file.write(contentsOf: Data([0xFF, 0xFE, 0x0A]) + Data("{\"event\":\"later\"}\nnull\n[[[[\n".utf8))
    try file.close()
    try bench.journal.append(Self.entry("p2"))
    let (entries, unreadable) = try bench.journal.entries()
    #expect(entries.map(\.receipt.plan.id) == ["p1", "p2"])
    #expect(unreadable == 4)
  }

  enum Planted: CaseIterable { case link, hardLink, pipe, folder }

  @Test(arguments: Planted.allCases) func whatIsNoPlainFileOfOursIsRefused(_ planted: Planted) throws {
    let bench = Workbench()
    try bench.journal.append(Self.entry("p1"))
    let path = bench.journal.path
    let elsewhere = bench.folder + "/elsewhere"
    try FileManager.default.moveItem(atPath: path, toPath: elsewhere)
    let before = try Data(contentsOf: URL(filePath: elsewhere))
    switch planted {
    case .link: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: elsewhere)
    case .hardLink: try FileManager.default.linkItem(atPath: elsewhere, toPath: path)
    case .pipe: #expect(mkfifo(path, 0o600) == 0)
    case .folder: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
    #expect(throws: MeshError.self) { try bench.journal.append(Self.entry("p2")) }
    #expect(throws: MeshError.self) { try bench.journal.entries() }
    #expect(try Data(contentsOf: URL(filePath: elsewhere)) == before)
  }

  @Test func aFolderThatIsALinkIsRefused() throws {
    let bench = Workbench()
    try FileManager.default.createDirectory(atPath: bench.folder + "/real", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: bench.folder + "/state", withDestinationPath: bench.folder + "/real")
    #expect(throws: MeshError.self) { try bench.journal.append(Self.entry("p1")) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.folder + "/real").isEmpty)
  }

  @Test(
    arguments: [
      (["XDG_STATE_HOME": "/x", "HOME": "/h"], "/x/meshdeck"), (["HOME": "/h"], "/h/.local/state/meshdeck"),
      (["XDG_STATE_HOME": "relative", "HOME": "/h"], "/h/.local/state/meshdeck"), ([:], nil), (["HOME": ""], nil),
    ] as [([String: String], String?)])
  func liesWhereTheBaseDirectorySpecificationSays(environment: [String: String], path: String?) {
    #expect((try? StateDirectory(environment: environment))?.path == path)
  }
}
