namespace VmUpdate.HelpBuilder;

/// <summary>One example of a cmdlet's help.</summary>
/// <param name="Title">What it shows, in one line.</param>
/// <param name="Code">The command lines.</param>
/// <param name="Remarks">What happens then.</param>
internal sealed record CommandExample(string Title, string Code, IReadOnlyList<string> Remarks);
