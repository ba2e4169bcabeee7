using System.Text;

namespace VmUpdate.Shell;

/// <summary>Keeps what is written to the console while a script asks for it as text.</summary>
public sealed class OutputCapture
{
    private readonly Stack<StringBuilder> _open = new();

    /// <summary>From now on text is kept and not shown.</summary>
    public void Begin() => _open.Push(new StringBuilder());

    /// <summary>Ends what <see cref="Begin"/> began.</summary>
    /// <returns>The text kept.</returns>
    public string End() => _open.Pop().ToString();

    internal bool Take(string text)
    {
        if (_open.Count == 0)
        {
            return false;
        }

        _open.Peek().Append(text);
        return true;
    }
}
