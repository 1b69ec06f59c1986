import Foundation
import MeshKit
import TerminalUI

@testable import Dashboard

/// A dashboard without a terminal, over planes made for the test.
enum Desk {
  /// A program over planes that do nothing by themselves.
  static func program(
    _ control: (any ControlPlane)? = nil, screen: ScreenID = .overview, isReadOnly: Bool = false,
    folder: String = NSTemporaryDirectory() + "meshdeck-tests-\(UUID().uuidString)",
    clock: @escaping @Sendable () -> Instant = { ShopMesh.now }
  ) throws -> DashboardProgram {
    let connections = control.map { [PlaneConnection(name: ShopMesh.plane, control: $0)] } ?? []
    let deck = Deck(
      connections, journal: Journal(directory: StateDirectory(path: folder)),
      configuration: Configuration(readOnly: isReadOnly),
      author: "maria")
    return try DashboardProgram(
      deck: deck,
      options: DashboardOptions(screen: screen, terminal: TerminalOptions(environment: [:]), clock: clock))
  }

  /// A headless dashboard that shows the shop.
  static func shop(
    _ screen: ScreenID = .overview, size: Size = .standard, glyphs: GlyphSet = .unicode, isReadOnly: Bool = false,
    view: MeshView = ShopMesh.view(), earlier: [MeshView] = []
  ) async throws -> HeadlessRunner<DashboardProgram> {
    let runner = HeadlessRunner(try program(screen: screen, isReadOnly: isReadOnly), size: size, glyphs: glyphs)
    await runner.feed(.resize(size))
    try await runner.idle()
    // The deck has no plane and says so at once; then the shop comes.
    try await runner.wait { $0.revision >= 1 }
    try await runner.idle()
    for view in earlier {
      await runner.send(.view(view))
      try await runner.idle()
    }
    await runner.send(.view(view))
    await runner.send(.tick(ShopMesh.now))
    try await runner.idle()
    return runner
  }

  static let receipts: [Receipt] = {
    let route = ShopMesh.ref("shop", "virtualservice", "reviews")
    let before = ShopMesh.reviewsObject([("v1", 90), ("v2", 10)])
    let after = ShopMesh.reviewsObject([("v1", 80), ("v2", 20)])
    let step = Step(
      object: route, path: "/x", write: .patch(JSONPatch([.replace("/spec/http/1/route/0/weight", 80)])),
      precondition: Precondition(version: "6"),
      inverse: .patch(JSONPatch([.replace("/spec/http/1/route/0/weight", 90)])),
      before: before, after: after, state: .applied)
    var plan = Plan(
      id: "pt1x9k2", intent: .weights(WeightsIntent(route: route, weights: [])), summary: "reviews: v1 → 80, v2 → 20",
      steps: [step])
    let first = Receipt(
      plan: plan, result: .applied, at: Instant(seconds: ShopMesh.now.seconds - 720), author: "maria",
      reason: "CHG-1234",
      versions: [0: "7"])
    plan.id = "pt1x8aa"
    plan.summary = "mTLS STRICT for namespace payments"
    return [
      first,
      Receipt(
        plan: plan, result: .failed, at: Instant(seconds: ShopMesh.now.seconds - 7200), author: "jo", reason: "",
        error: "conflict"),
    ]
  }()
}
