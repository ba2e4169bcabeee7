using VmUpdate.Core.Identity;

namespace VmUpdate.Core.Images;

/// <summary>Something that stands against using an image.</summary>
/// <param name="Severity"><see cref="Severity.Error"/>: it is not to be used; else it may be.</param>
/// <param name="Code">What it is: an error id.</param>
/// <param name="Message">The same in one sentence.</param>
public sealed record ImageFinding(Severity Severity, string Code, string Message);
