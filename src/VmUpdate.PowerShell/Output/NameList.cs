using System.Collections.ObjectModel;

namespace VmUpdate.PowerShell.Output;

/// <summary>Some names: a list for scripts, and one readable text in a report (<c>Export-Csv</c> writes what <see cref="ToString"/> says).</summary>
public sealed class NameList : ReadOnlyCollection<string>
{
    /// <summary>Makes the list.</summary>
    /// <param name="names">The names.</param>
    public NameList(IEnumerable<string> names)
        : base([.. names])
    {
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join("; ", this);
}
