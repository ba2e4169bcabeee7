using System.Management.Automation.Host;

namespace VmUpdate.PowerShell.Tests.Support;

internal sealed class TestRawUserInterface : PSHostRawUserInterface
{
    private static readonly Size Wide = new(200, 50);

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; }

    public override Size BufferSize { get; set; } = Wide;

    public override Coordinates CursorPosition { get; set; }

    public override int CursorSize { get; set; }

    public override bool KeyAvailable => false;

    public override Size MaxPhysicalWindowSize => Wide;

    public override Size MaxWindowSize => Wide;

    public override Coordinates WindowPosition { get; set; }

    public override Size WindowSize { get; set; } = Wide;

    public override string WindowTitle { get; set; } = string.Empty;

    public override void FlushInputBuffer()
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill)
    {
    }

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents)
    {
    }

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
    }
}
