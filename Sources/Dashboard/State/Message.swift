public import MeshKit
public import TerminalUI

/// What can happen to the dashboard.
public enum Message: Sendable {
  /// A key, a paste, a new size.
  case input(InputEvent)
  /// A second went by.
  case tick(Instant)
  /// The mesh changed.
  case view(MeshView)
  /// Rows were worked out.
  case computed(ScreenData)
  /// The journal was read: its receipts, and which of them wait for a confirmation.
  case receipts([Receipt], awaiting: Set<String> = [])
  /// The findings that are ignored were read or changed.
  case ignored(IgnoredFindings)
  /// A plan was made.
  case planned(Int, Plan)
  /// The server gave its verdict on a plan.
  case rehearsed(Int, Plan)
  /// A plan moves on.
  case progress(Int, Executor.Progress)
  /// A plan ended.
  case finished(Int, Receipt)
  /// A plan that was to be confirmed was: `nil`; or was taken back, or could not be.
  case settled(Int, Result<Receipt?, MeshError>)
  /// The program is to end: what must not stay is closed first.
  case leave
  /// A plan could not be made, judged or applied; nothing was written.
  case planFailed(Int, MeshError)
  /// Proxies told of their certificates.
  case certificates([ObjectRef: Known<ProxyCertificates>])
  /// Something to read was fetched.
  case sheet(TextSheet)
  /// A native object was fetched for the editor.
  case fetched(NativeObject)
  /// A native object is to be changed; the file with the text, where it came back from the editor.
  case edited(ObjectIntent, text: String? = nil)
  /// A remark for the operator.
  case remark(Toast)
}
