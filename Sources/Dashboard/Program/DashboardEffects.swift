import MeshKit
import TerminalUI

/// What the dashboard does outside of its state: everything that asks a plane, a clock or a file.
struct DashboardEffects: Sendable {
  let deck: Deck
  let clock: @Sendable () -> Instant
  let environment: [String: String]

  /// Follows the mesh for as long as the program runs.
  func follow() -> Effect<Message> {
    .background(id: "follow") { send in
      for await view in await deck.follow() { send(.view(view)) }
      await deck.live.stop()
    }
  }

  /// Tells the time once a second.
  func tick() -> Effect<Message> {
    .background(id: "tick") { send in
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        if !Task.isCancelled { send(.tick(clock())) }
      }
    }
  }

  /// Reads the journal.
  func readJournal() -> Effect<Message> {
    .run(id: "journal") { send in
      do throws(MeshError) {
        send(.receipts(try deck.journal.receipts()))
      } catch {
        send(.remark(Toast("the journal cannot be read: \(error.description)", .bad)))
      }
    }
  }

  /// Works out the rows of a screen.
  func compute(_ request: ScreenRequest, from view: MeshView) -> Effect<Message> {
    .run { send in send(.computed(await ScreenData.compute(request, from: view))) }
  }

  /// Makes a plan and asks the server about it.
  func plan(_ intent: Intent, number: Int) -> Effect<Message> {
    .run(id: "plan") { send in
      do throws(MeshError) {
        let plan = try await deck.plan(intent)
        send(.planned(number, plan))
        send(.rehearsed(number, try await deck.rehearse(plan)))
      } catch {
        send(.planFailed(number, error))
      }
    }
  }

  /// Applies a plan; it is never cancelled once begun.
  func apply(_ plan: Plan, reason: String, force: Bool, number: Int) -> Effect<Message> {
    .run { send in
      do throws(MeshError) {
        let receipt = try await deck.apply(plan, reason: reason, force: force) { send(.progress(number, $0)) }
        send(.finished(number, receipt))
      } catch {
        send(.planFailed(number, error))
      }
    }
  }

  /// Takes an applied plan back.
  func undo(_ id: String, reason: String, number: Int) -> Effect<Message> {
    .run { send in
      do throws(MeshError) {
        send(.finished(number, try await deck.undo(id, reason: reason) { send(.progress(number, $0)) }))
      } catch {
        send(.planFailed(number, error))
      }
    }
  }

  /// Fetches a native object and shows it, at a place in it where one is given.
  func show(_ ref: ObjectRef, at pointer: JSONPointer? = nil) -> Effect<Message> {
    .run(id: "native") { send in
      do throws(MeshError) {
        let native = try await deck.connection(ref.plane).control.native(ref)
        send(.sheet(NativeText.sheet(native, at: pointer)))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Runs the checks of a plane and shows how they came out.
  func check(_ plane: PlaneName) -> Effect<Message> {
    .run(id: "check") { send in
      do throws(MeshError) {
        let checks = await (try deck.connection(plane)).control.check()
        send(.sheet(NativeText.sheet(checks, of: plane)))
      } catch {
        send(.remark(Toast("\(error.description)", .bad)))
      }
    }
  }

  /// Hands a native object to the operator's editor, and what came back to a plan.
  func edit(_ ref: ObjectRef) -> Effect<Message> {
    .release {
      do throws(MeshError) {
        let native = try await deck.connection(ref.plane).control.native(ref)
        let edited = try await ExternalEditor(environment: environment).edit(native)
        return edited.map { .edited($0) } ?? .remark(Toast("nothing was changed", .info))
      } catch {
        return .remark(Toast("\(error.description)", .bad))
      }
    }
  }
}
