import MeshModel
import MeshPlanes
import Testing

@testable import MeshOperations

@Suite struct MechanicalFixTests {
  static func object(_ http: String) throws -> JSONValue {
    try JSONValue(
      parsing: Array(
        """
        {"apiVersion":"networking.istio.io/v1","kind":"VirtualService",
         "metadata":{"name":"reviews","namespace":"shop","resourceVersion":"7"},
         "spec":{"hosts":["reviews"],"http":\(http)}}
        """.utf8))
  }

  static func view(_ object: JSONValue) throws -> MeshView {
    try OfflineMesh.view(of: [object], rules: [.istio: IstioDialect()])
  }

  static func fixed(_ code: String, in object: JSONValue, now: JSONValue? = nil) throws -> ObjectIntent {
    let view = try view(object)
    let finding = try #require(view.findings().first { $0.code == code })
    let native = NativeObject(ref: finding.object, path: "/reviews", json: now ?? object, version: "7")
    return try view.fix(finding, in: native)
  }

  @Test(arguments: [
    (
      "MD1130",
      """
      [{"match":[{"uri":{"prefix":"/a"}}],"route":[{"destination":{"host":"a"}}]},
       {"match":[{"uri":{"exact":"/a/b"}}],"route":[{"destination":{"host":"b"}}]},
       {"route":[{"destination":{"host":"c"}}]}]
      """,
      """
      [{"match":[{"uri":{"prefix":"/a"}}],"route":[{"destination":{"host":"a"}}]},
       {"route":[{"destination":{"host":"c"}}]}]
      """
    ),
    (
      "MD1104", #"[{"route":[{"destination":{"host":"a"},"weight":40}],"timeout":"2s"}]"#,
      #"[{"route":[{"destination":{"host":"a"}}],"timeout":"2s"}]"#
    ),
    (
      "MD1105",
      """
      [{"route":[{"destination":{"host":"a"},"weight":30},{"destination":{"host":"b"},"weight":20},
                 {"destination":{"host":"a"},"weight":50}]}]
      """,
      #"[{"route":[{"destination":{"host":"a"},"weight":80},{"destination":{"host":"b"},"weight":20}]}]"#
    ),
    (
      "MD1105",
      #"[{"route":[{"destination":{"host":"a"},"weight":30},{"destination":{"host":"a"},"weight":70}]}]"#,
      #"[{"route":[{"destination":{"host":"a"}}]}]"#
    ),
  ])
  func theFixLeavesEverythingElseAndTheFindingIsGone(_ code: String, _ before: String, _ after: String) throws {
    let intent = try Self.fixed(code, in: try Self.object(before))
    #expect(intent.json == (try Self.object(after)))
    #expect(intent.baseVersion == "7")
    #expect(try !Self.view(intent.json).findings().contains { $0.code == code })
  }

  @Test func whatDiffersInMoreThanItsWeightIsLeftToTheOperator() throws {
    let object = try Self.object(
      """
      [{"route":[{"destination":{"host":"a"},"weight":30},
                 {"destination":{"host":"a.shop.svc.cluster.local"},"weight":70}]}]
      """)
    let error = #expect(throws: MeshError.self) { _ = try Self.fixed("MD1105", in: object) }
    #expect(error?.code == .refused)
  }

  @Test func anObjectThatWasChangedMeanwhileIsNotFixed() throws {
    let before = try Self.object(
      #"[{"route":[{"destination":{"host":"a"}}]},{"name":"late","route":[{"destination":{"host":"b"}}]}]"#)
    let now = try Self.object(
      """
      [{"match":[{"uri":{"prefix":"/a"}}],"route":[{"destination":{"host":"a"}}]},
       {"name":"late","route":[{"destination":{"host":"b"}}]}]
      """)
    let error = #expect(throws: MeshError.self) { _ = try Self.fixed("MD1130", in: before, now: now) }
    #expect(error?.code == .conflict)
  }

  @Test func weightsOfNothingTakeADecision() throws {
    let object = try Self.object(
      #"[{"route":[{"destination":{"host":"a"},"weight":0},{"destination":{"host":"b"},"weight":0}]}]"#)
    let error = #expect(throws: MeshError.self) { _ = try Self.fixed("MD1103", in: object) }
    #expect(error?.code == .refused && error?.remedy?.isEmpty == false)
  }
}
